import { isPrintable } from "./printable.ts";

/** Text for a POSIX shell with every inserted word quoted: only {@link shell} creates it. */
export type ShellText = string & { readonly [mark]: true };
declare const mark: unique symbol;

/** A value that {@link shell} inserts into a command. */
export type ShellValue = string | number | Verbatim;

/** Text that is inserted into a command without quoting. */
class Verbatim {
  readonly text: ShellText;

  constructor(text: ShellText) {
    this.text = text;
  }
}

/**
 * A command to paste, or a part of one, as a tagged template: its literal text is shell syntax, and each inserted value is
 * one word, or a part of one, regardless of its characters.
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

/** A command inside another command, such as after `&&`. */
export function verbatim(text: ShellText): Verbatim {
  return new Verbatim(text);
}

/** Commands in sequence, with a separator. */
export function joined(
  commands: readonly ShellText[],
  separator: " && " | " | " | " " | "\n      ",
): ShellText {
  return commands.join(separator) as ShellText;
}

/**
 * A placeholder in a command for a value that only the operator knows. In quotes, so that a shell reads it as one word: angle
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
    // In double quotes an interactive shell expands ! from its history, also after a backslash.
    return text.replace(/["$`\\]/g, "\\$&").replace(/!+/g, `"'$&'"`);
  }
  // In zsh, a word that begins with = is the path of a program.
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) {
    return text;
  }
  return isPrintable(text) ? `'${text.replaceAll("'", "'\\''")}'` : ansiQuoted(text);
}

/** With escapes, so that the word is printable and unchanged when pasted (POSIX.1-2024, XCU 2.2.4). */
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

/** The open quote at the end of a shell text. */
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
