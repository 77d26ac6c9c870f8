import { isPrintable } from "./printable.ts";

/** Text for a POSIX shell in which every word from elsewhere is quoted: only {@link shell} makes it. */
export type ShellText = string & { readonly [mark]: true };
declare const mark: unique symbol;

/** What {@link shell} puts into a command. */
export type ShellValue = string | number | Verbatim;

/** Text that goes into a command as it is, since it is for the shell itself. */
class Verbatim {
  readonly text: ShellText;

  constructor(text: ShellText) {
    this.text = text;
  }
}

/**
 * A command to paste, or a part of one, as a tagged template: what stands in it is for the shell, and each value that is
 * put in is one word of it, or a part of one, whatever is in the value.
 *
 * @example shell`pulumi config set -s ${stack} --path dns.zone ${zone}`
 */
export function shell(literals: TemplateStringsArray, ...values: readonly ShellValue[]): ShellText {
  let text = "";
  for (const [index, literal] of literals.entries()) {
    text += literal;
    const value = values[index];
    if (value !== undefined) {
      text += value instanceof Verbatim ? value.text : quoted(String(value), openQuote(text));
    }
  }
  return text as ShellText;
}

/** A command inside another one, such as one that follows it. */
export function verbatim(text: ShellText): Verbatim {
  return new Verbatim(text);
}

/** Commands one after the other, or what else stands between them. */
export function joined(
  commands: readonly ShellText[],
  separator: " && " | " | " | " " | "\n      ",
): ShellText {
  return commands.join(separator) as ShellText;
}

/**
 * What stands in a command for what nobody but the reader knows. In quotes, so that a shell takes it as it is: one in angle
 * brackets would be a redirection.
 */
export function placeholder(name: string): Verbatim {
  return new Verbatim(`'${name.toUpperCase()}'` as ShellText);
}

/** A text as one word of a shell, in quotes where it needs them. */
export function shellWord(text: string): ShellText {
  return shell`${text}`;
}

function quoted(text: string, quote: "'" | '"' | undefined): string {
  if (quote === "'") {
    return text.replaceAll("'", "'\\''");
  }
  if (quote === '"') {
    // In double quotes an interactive shell takes ! and what follows it as a command of before, also behind a backslash.
    return text.replace(/["$`\\]/g, "\\$&").replace(/!+/g, `"'$&'"`);
  }
  // A word that begins with = is the path of a program to zsh.
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) {
    return text;
  }
  return isPrintable(text) ? `'${text.replaceAll("'", "'\\''")}'` : ansiQuoted(text);
}

/** With escapes, so that the word can be shown and is the same when it is pasted (POSIX.1-2024, XCU 2.2.4). */
function ansiQuoted(text: string): string {
  const characters = Array.from(text, (character) => {
    if (isPrintable(character)) {
      return character.replace(/['\\]/, "\\$&");
    }
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
  return `$'${characters.join("")}'`;
}

/** The quote that is open at the end of a shell's text. */
function openQuote(text: string): "'" | '"' | undefined {
  let open: "'" | '"' | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\" && open !== "'") {
      index += 1;
    } else if (character === "'" || character === '"') {
      open = open === undefined ? character : open === character ? undefined : open;
    }
  }
  return open;
}
