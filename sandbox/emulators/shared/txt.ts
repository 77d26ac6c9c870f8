/**
 * The text of TXT record data in presentation format: quoted strings are unquoted and joined, as for a resolver's
 * client; an unquoted word is unchanged.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-5.1
 */
export function txtValue(data: string): string {
  return txtStrings(data).join("");
}

/** The character strings of TXT record data. */
export function txtStrings(data: string): string[] {
  return Array.from(data.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), ([, quoted, bare]) =>
    (quoted ?? bare ?? "").replace(/\\(.)/g, "$1"),
  );
}
