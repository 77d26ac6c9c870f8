/**
 * What a terminal acts on or does not show instead of showing it, but for line breaks and tabs: control characters (C0,
 * DEL, C1), what turns the direction of writing, what has no width, and the line separators of Unicode (The Unicode
 * Standard, chapter 23; `Default_Ignorable_Code_Point` has the overrides and isolates, too).
 */
const unprintable =
  /[^\P{Cc}\n\t]|[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb]/gu;

/**
 * Text from elsewhere (a log, a certificate, DNS, a cloud, Helm, a file) as it may go to a terminal: each character that
 * is not shown is replaced by its escape, such as `\u001b`. Line breaks and tabs stay, so that it is for whole messages.
 * JSON text means the same afterwards.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** The same for text of one line, in which a line break would begin what looks like another message. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

/** Whether {@link printableLine} leaves a text as it is. */
export function isPrintable(text: string): boolean {
  return printableLine(text) === text;
}

/** By UTF-16 units, as JSON has it. */
function escaped(characters: string): string {
  return Array.from(
    { length: characters.length },
    (_, index) => `\\u${characters.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
