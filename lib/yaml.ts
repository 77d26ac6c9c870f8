import {
  Document,
  isScalar,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  stringify,
  visit,
  type Scalar,
  type ScalarTag,
  type SchemaOptions,
} from "yaml";
import { stringTag, stringifyString } from "yaml/util";
import { momentInFile, unquotedMoment } from "./moments.ts";
import { goText, wholeNumber } from "./numbers.ts";

/** A YAML document, with its errors, or its value (`toJS()`). */
export type YamlDocument = Document.Parsed;

const core = (name: string) => `tag:yaml.org,2002:${name}`;

/** A tag for scalars without an explicit tag; the first tag whose test matches is used. */
const implicit = (tag: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: core(tag),
  default: true,
  test,
  resolve,
});

/** A tag that is used only where a scalar names it. */
const explicit = (tag: string, resolve: (text: string) => unknown): ScalarTag => ({
  tag: core(tag),
  resolve,
});

/** All booleans of YAML 1.1. */
const words: readonly ScalarTag[] = [
  implicit("bool", /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  implicit("bool", /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
];

/** Numbers of Go, including `0o17`. Underscores are ignored in a number that begins with a sign or a digit. */
const numbers: readonly ScalarTag[] = [
  implicit(
    "int",
    /^(?=[-+\d])[-+]?_*(?:0_*|[1-9][\d_]*|0_*[oO]?_*[0-7][0-7_]*|0_*[bB]_*[01][01_]*|0_*[xX]_*[\da-fA-F][\da-fA-F_]*)$/,
    (text) => wholeNumber(text.replaceAll("_", "")) ?? text,
  ),
  implicit(
    "float",
    /^(?:\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?|(?=[-+\d])[-+]?_*(?:\._*\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE]_*[-+]?_*\d[\d_]*)?)$/,
    (text) => {
      const number = Number(text.replaceAll("_", ""));
      return Number.isFinite(number) ? number : text;
    },
  ),
  implicit("float", /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/, (text) =>
    /nan/i.test(text) ? NaN : text.startsWith("-") ? -Infinity : Infinity,
  ),
];

const reading = (...plain: readonly ScalarTag[]): SchemaOptions => ({
  schema: "failsafe",
  resolveKnownTags: false,
  merge: true,
  customTags: [
    "null",
    ...plain,
    explicit("binary", (text) => Buffer.from(text, "base64").toString("utf8")),
    explicit("timestamp", (text) => text),
  ],
});

/** YAML 1.1 without timestamps and without numbers to base 60 (go.yaml.in/yaml v2, resolve.go). */
const helmTags = reading(...words, ...numbers);

/** The next version of Go's parser reads only these as booleans, and reads timestamps (go.yaml.in/yaml v3, resolve.go). */
const pulumiTags = reading(
  implicit("bool", /^(?:true|True|TRUE)$/, () => true),
  implicit("bool", /^(?:false|False|FALSE)$/, () => false),
  implicit("timestamp", unquotedMoment, momentInFile),
  ...numbers,
);

/** A tag for writing a value; no text in a file resolves to it. */
const writtenOnly = (tag: string, identify: (value: unknown) => boolean): ScalarTag => ({
  tag: core(tag),
  default: true,
  identify,
  resolve: (text) => text,
  stringify: ({ value }) => String(value),
});

/** A file's scalars stay unchanged texts, and empty values stay empty. */
const editing: SchemaOptions = {
  schema: "failsafe",
  resolveKnownTags: false,
  customTags: [
    "null",
    writtenOnly("bool", (value) => typeof value === "boolean"),
    writtenOnly("float", (value) => typeof value === "number"),
  ],
};

/** Characters that libyaml, the base of Helm's parser, reads as line breaks, or does not accept unescaped. */
const escaped = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;

/** Text in quotes wherever any YAML parser, old or new, might read another type. */
const text: ScalarTag = {
  ...stringTag,
  stringify(item, context, onComment, onChompKeep) {
    const value = String(item.value);
    // libyaml derives the indentation of a block from its first line.
    const inQuotes = escaped.test(value) || /^\s/.test(value);
    return stringifyString(
      inQuotes ? { ...item, value, type: "QUOTE_DOUBLE" } : { ...item, value },
      { ...context, actualString: true },
      onComment,
      onChompKeep,
    );
  },
};

const writeTags: SchemaOptions = {
  schema: "failsafe",
  resolveKnownTags: false,
  customTags: (tags) => [
    ...tags.filter((tag) => tag !== stringTag),
    text,
    ...(["null", "bool", "int", "float"] as const),
    ...words,
    ...numbers,
  ],
  compat: "yaml-1.1",
};

/**
 * Parses YAML like Helm (sigs.k8s.io/yaml over go.yaml.in/yaml v2) and the tools of Kubernetes.
 *
 * A whole number that a double cannot represent exactly is a BigInt.
 * The last of repeated keys is used.
 *
 * @param lines counts the lines, for places in the text; with it, error messages do not quote the text
 * @returns its documents, each with its own errors; none for a text of comments only
 */
export function parseYaml(yaml: string, lines?: LineCounter): readonly YamlDocument[] {
  const documents = parseAllDocuments(yaml, {
    version: "1.1",
    uniqueKeys: false,
    ...(lines !== undefined && { lineCounter: lines, prettyErrors: false }),
    ...helmTags,
  });
  if ("empty" in documents) {
    return [];
  }
  for (const document of documents) {
    visit(document, {
      Pair: (_, { key }) => {
        if (isScalar(key)) {
          key.value = keyText(key);
        }
      },
    });
  }
  return documents;
}

/** JSON has only text keys, and Go converts whole numbers and fractions to text differently. */
function keyText({ value, source = "" }: Scalar): unknown {
  if (typeof value === "number") {
    return wholeNumber(source.replaceAll("_", "")) === undefined ? goText(value) : String(value);
  }
  return typeof value === "bigint" || typeof value === "boolean" ? String(value) : value;
}

/** Text that is not YAML. The message has the place, and quotes nothing of the text, which may contain credentials. */
export class NotYaml extends Error {
  /** The line of the parser's error. Default: unknown. */
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Parses YAML like Pulumi parses the files of projects and stacks: the first document, with moments in the form of
 * `writtenMoment`.
 *
 * @returns null for a text of comments only
 * @throws NotYaml where the text is not YAML
 */
export function parsePulumiYaml(yaml: string): unknown {
  const lines = new LineCounter();
  const options = { version: "1.1", lineCounter: lines, prettyErrors: false } as const;
  const [document] = [...parseAllDocuments(yaml, { ...options, ...pulumiTags })];
  const [error] = document?.errors ?? [];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const code = error.code.toLowerCase().replaceAll("_", " ");
    throw new NotYaml(`line ${line}, column ${col} (${code})`, line);
  }
  try {
    return (document?.toJS() as unknown) ?? null;
  } catch {
    throw new NotYaml("an alias (*) in it has no anchor (&) of its name, or expands to too much");
  }
}

/**
 * A YAML document to edit: unchanged parts are written back unchanged, including comments.
 *
 * @param yaml the text, which may be empty
 */
export function editableYaml(yaml: string): Document {
  const present: Document = parseDocument(yaml, editing);
  return present.contents === null ? new Document({}, editing) : present;
}

/** Writes a value as YAML that Helm, Kubernetes and Pulumi parse to the same value. */
export function formatYaml(value: unknown): string {
  return stringify(value, {
    version: "1.1",
    ...writeTags,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  }).replaceAll(
    new RegExp(escaped, "g"),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
