/**
 * Characters that a terminal interprets or hides, except line breaks and tabs: control characters (C0, DEL, C1), direction
 * overrides, characters without width, and the line separators of Unicode (The Unicode Standard, chapter 23;
 * `Default_Ignorable_Code_Point` also contains the overrides and isolates).
 */
const unprintable =
  /[^\P{Cc}\n\t]|[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb]/gu;

/**
 * Text from other sources (a log, a certificate, DNS, a DNS provider, Helm, a file) in a safe form for a terminal: each
 * unprintable character is replaced by its escape, such as `\u001b`. Line breaks and tabs stay, so whole messages can be
 * converted. JSON text keeps its meaning.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** The same for text of one line, where a line break could imitate another message. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

/** Whether {@link printableLine} leaves a text unchanged. */
export function isPrintable(text: string): boolean {
  return printableLine(text) === text;
}

/** By UTF-16 units, as in JSON. */
function escaped(characters: string): string {
  return Array.from(
    { length: characters.length },
    (_, index) => `\\u${characters.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
