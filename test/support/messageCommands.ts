import { globSync, readFileSync } from "node:fs";
import ts from "typescript";

/** A command in a message of the program's, as its source has it. */
export interface MessageCommand {
  /** The source file. */
  readonly file: string;
  /** The command, with `{}` for what the program puts in. */
  readonly text: string;
}

/** Where messages for operators come from. Commands of the sandbox's own are the developers'. */
export const sources = "{config,components,dns,adopt,doctor,fleet,policy,chart,lib,startup}/**/*.{ts,cjs}";

/** What a command begins with: a program, and a word that it takes. */
const programs =
  /(?<![\w'/.-])(?:[A-Z][A-Z_0-9]*=\S+ )?(?:pulumi (?:up|preview|refresh|destroy|config|stack|state|cancel|logs)|npm (?:run|start|stop|test|ci)|kubectl (?=[a-z-])|helm (?:-|get|list|history|rollback|upgrade|uninstall|install|status)|gcloud |dig |curl |openssl )/g;

/**
 * What else a command begins with, and a sentence may have as a word of its own: such a command counts where the source
 * marks it as one (lib/shell.ts).
 */
const words =
  /^(?:date|df|du|env|export|find|grep|ls|nslookup|rm|sed|sh|sleep|ssh|ulimit|unset)(?: |$)/;

/** The commands in the texts of the sources, found by their programs' names. */
export function messageCommands(): readonly MessageCommand[] {
  return [...globSync(sources), "outputs.ts"].sort().flatMap((file) =>
    textsOf(file)
      // A script is run by the provider's container, and read by nobody as a message.
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

/** The commands of a source that it marks as such, as far as they are not found by the programs' names. */
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

/** A program's name with one word may be no more than a mention: `the next pulumi up`. */
function isCommand(command: string): boolean {
  return /^(?:\S+=\S+ )?\S+ \S+ \S/.test(command);
}

/** From its beginning to the end of the line, the sentence, the parenthesis, or the text in backquotes that it is in. */
function commandAt(text: string, index: number): string {
  const rest = text.slice(index).split("\n")[0] ?? "";
  const quoted = text[index - 1] === "`" ? rest.split("`")[0] : undefined;
  const end = text[index - 1] === "(" ? rest.split(")")[0] : rest.split(/[;,] |\. |\) |`| \(/)[0];
  return (quoted ?? end ?? "").trim().replace(/(?: &&|[.,:;])$/, "");
}

/** The texts of a source, whole: what is put together with `+` is one, and what is put in is `{}`. */
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
    // What is put in may have texts of its own.
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

/** A command that is put together by lib/clusterCommand.ts. */
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
  // With a target, which may name a context and a namespace.
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
