import { globSync, readFileSync } from "node:fs";
import ts from "typescript";

/** A command in a message of the program, as in its source. */
export interface MessageCommand {
  /** The source file. */
  readonly file: string;
  /** The command, with `{}` for inserted values. */
  readonly text: string;
}

/** The sources of messages for operators. Commands of the sandbox are for developers. */
export const sources =
  "{config,components,dns,adopt,doctor,fleet,policy,chart,lib,startup}/**/*.{ts,cjs}";

/** The beginnings of a command: a program, and one of its subcommands. */
const programs =
  /(?<![\w'/.-])(?:[A-Z][A-Z_0-9]*=\S+ )?(?:pulumi (?:up|preview|refresh|destroy|config|stack|state|cancel|logs)|npm (?:run|start|stop|test|ci)|kubectl (?=[a-z-])|helm (?:-|get|list|history|rollback|upgrade|uninstall|install|status)|gcloud |dig |curl |openssl )/g;

/**
 * Other beginnings of a command, which may also be words of a sentence: such a command counts only if the source
 * marks it (lib/shell.ts).
 */
const words =
  /^(?:date|df|du|env|export|find|grep|ls|nslookup|rm|sed|sh|sleep|ssh|ulimit|unset)(?: |$)/;

/** The commands in the texts of the sources, found by the programs' names. */
export function messageCommands(): readonly MessageCommand[] {
  return [...globSync(sources), "outputs.ts"].sort().flatMap((file) =>
    textsOf(file)
      // A script runs in the provider's container, and is not a message.
      .filter((text) => !text.startsWith("#!"))
      .flatMap(commandsIn)
      .concat(markedCommands(file))
      .map((text) => ({ file, text })),
  );
}

/** The commands in one text. */
export function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(programs)].map(({ index }) => commandAt(text, index)).filter(isCommand);
}

/** The marked commands of a source that are not found by the programs' names. */
function markedCommands(file: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === "shell") {
      const text = textOf(node) ?? "";
      found.push(...(words.test(text) ? [text] : []));
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed(file));
  return found;
}

/** A program's name with one word may be only a mention: `the next pulumi up`. */
function isCommand(command: string): boolean {
  return /^(?:\S+=\S+ )?\S+ \S+ \S/.test(command);
}

/** From the command's beginning to the end of the line, the sentence, the parenthesis, or the text in backquotes. */
function commandAt(text: string, index: number): string {
  const rest = text.slice(index).split("\n")[0] ?? "";
  const quoted = text[index - 1] === "`" ? rest.split("`")[0] : undefined;
  const end = text[index - 1] === "(" ? rest.split(")")[0] : rest.split(/[;,] |\. |\) |`| \(/)[0];
  return (quoted ?? end ?? "").trim().replace(/(?: &&|[.,:;])$/, "");
}

/** The complete texts of a source: texts joined with `+` are one text, and inserted values are `{}`. */
function textsOf(file: string): readonly string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    texts.push(...clusterCommand(node));
    const text = textOf(node);
    if (text === undefined) {
      ts.forEachChild(node, visit);
      return;
    }
    texts.push(text);
    // An inserted value may contain texts of its own.
    ts.forEachChild(node, (child) => {
      visitInside(child);
    });
  };
  const visitInside = (node: ts.Node): void => {
    if (textOf(node) === undefined || ts.isTemplateSpan(node)) {
      ts.forEachChild(node, visit);
    } else {
      ts.forEachChild(node, visitInside);
    }
  };
  visit(parsed(file));
  return texts;
}

export function parsed(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

/** A command that lib/clusterCommand.ts builds. */
function clusterCommand(node: ts.Node): readonly string[] {
  if (!ts.isCallExpression(node)) {
    return [];
  }
  const [tool] = [node.expression, ...node.arguments]
    .filter(ts.isIdentifier)
    .map(({ text }) => text)
    .filter((name) => name === "kubectl" || name === "helm");
  const last = node.arguments.at(-1);
  const rest = last === undefined ? undefined : textOf(last);
  // With a target, which may include a context and a namespace.
  return tool === undefined || rest === undefined ? [] : [`${tool} -n {} ${rest}`];
}

export function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) {
    return ts.isImportDeclaration(node.parent) ? undefined : node.text;
  }
  if (ts.isTaggedTemplateExpression(node)) {
    return textOf(node.template);
  }
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `{}${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined
      ? undefined
      : `${left ?? "{}"}${right ?? "{}"}`;
  }
  return undefined;
}
