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

/** A document of YAML, with its errors, or the value that is in it (`toJS()`). */
export type YamlDocument = Document.Parsed;

const core = (name: string) => `tag:yaml.org,2002:${name}`;

/** What a tag resolves to that is not asked for by name; the first whose test matches counts. */
const implicit = (tag: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: core(tag),
  default: true,
  test,
  resolve,
});

/** What is so only under the tag itself. */
const explicit = (tag: string, resolve: (text: string) => unknown): ScalarTag => ({
  tag: core(tag),
  resolve,
});

/** Truth values of YAML 1.1, all of them. */
const words: readonly ScalarTag[] = [
  implicit("bool", /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  implicit("bool", /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
];

/** Numbers of Go, `0o17` among them. Underscores count nowhere in one that begins with a sign or a digit. */
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

/** Go's next parser takes only these for truth values, and has moments (go.yaml.in/yaml v3, resolve.go). */
const pulumiTags = reading(
  implicit("bool", /^(?:true|True|TRUE)$/, () => true),
  implicit("bool", /^(?:false|False|FALSE)$/, () => false),
  implicit("timestamp", unquotedMoment, momentInFile),
  ...numbers,
);

/** What is written for a value of a program; no text in a file is taken for one. */
const writtenOnly = (tag: string, identify: (value: unknown) => boolean): ScalarTag => ({
  tag: core(tag),
  default: true,
  identify,
  resolve: (text) => text,
  stringify: ({ value }) => String(value),
});

/** A file's scalars stay the texts that they are, and nothing stays nothing. */
const editing: SchemaOptions = {
  schema: "failsafe",
  resolveKnownTags: false,
  customTags: [
    "null",
    writtenOnly("bool", (value) => typeof value === "boolean"),
    writtenOnly("float", (value) => typeof value === "number"),
  ],
};

/** Where libyaml, which Helm's parser is made from, would break a line, or does not accept the character as it is. */
const escaped = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;

/** Text in quotes wherever any reader of YAML, old or new, might take it for something else. */
const text: ScalarTag = {
  ...stringTag,
  stringify(item, context, onComment, onChompKeep) {
    const value = String(item.value);
    // libyaml finds out how far a block is indented by its first line.
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
 * Parses YAML as Helm does (sigs.k8s.io/yaml over go.yaml.in/yaml v2), and so the tools of Kubernetes.
 *
 * A whole number that is no exact double is a BigInt.
 * Of a key that is there twice, the last one counts.
 *
 * @param lines counts the lines, for places in the text; the messages of errors do not quote it then
 * @returns its documents, each with its own errors; none where there is nothing but comments
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

/** JSON knows keys of text alone, and Go makes it of whole numbers and fractions in two ways. */
function keyText({ value, source = "" }: Scalar): unknown {
  if (typeof value === "number") {
    return wholeNumber(source.replaceAll("_", "")) === undefined ? goText(value) : String(value);
  }
  return typeof value === "bigint" || typeof value === "boolean" ? String(value) : value;
}

/** Text that is no YAML. The message says where, and quotes nothing of the text, which may hold credentials. */
export class NotYaml extends Error {
  /** The line on which the parser has given up. Default: none can be told. */
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Parses YAML as Pulumi does its project's and its stacks' files: the first document, moments as `writtenMoment` has them.
 *
 * @returns null where there is nothing but comments
 * @throws NotYaml where it is none
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
    throw new NotYaml("an alias (*) in it has no anchor (&) of its name, or makes too much of it");
  }
}

/**
 * A document of YAML to change: what is not changed is written again as it stands there, comments included.
 *
 * @param yaml the text, which may be empty
 */
export function editableYaml(yaml: string): Document {
  const present: Document = parseDocument(yaml, editing);
  return present.contents === null ? new Document({}, editing) : present;
}

/** Writes a value as YAML that Helm, Kubernetes and Pulumi read as that value again. */
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
