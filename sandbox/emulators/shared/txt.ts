/**
 * The text of TXT record data in presentation format: quoted strings lose their quotes and are joined, as a resolver's
 * client sees them; a bare word is itself.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-5.1
 */
export function txtValue(data: string): string {
  return txtStrings(data).join("");
}

/** The character strings that TXT record data is made of. */
export function txtStrings(data: string): string[] {
  return Array.from(data.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), ([, quoted, bare]) =>
    (quoted ?? bare ?? "").replace(/\\(.)/g, "$1"),
  );
}
