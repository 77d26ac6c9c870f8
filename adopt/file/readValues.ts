import { readFileSync, statSync } from "node:fs";
import { LineCounter } from "yaml";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";
import { parseYaml } from "../../lib/yaml.ts";
import { valuesTree, type Place, type RepeatedKey } from "./valuesTree.ts";

/** A values file. */
export interface ValuesFile {
  readonly values: ValueMap;
  /** Where each value stands, by its path; items of lists by number. */
  readonly places: ReadonlyMap<string, Place>;
  /** Keys that stand more than once in the same map, of which Helm takes the last. */
  readonly repeated: readonly RepeatedKey[];
  /** How many YAML documents with something in them follow the first, which is the one that Helm takes. */
  readonly otherDocuments: number;
}

/**
 * Reads a values file as Helm does, the first document. A whole number that no double holds is the text of its digits.
 *
 * @throws UserError when it cannot be read, or is not a map; the message shows nothing of its content
 */
export function readValuesFile(file: string): ValuesFile {
  return parseValuesFile(readText(file), file);
}

/** The values of a file alone; see {@link readValuesFile}. */
export function readValues(file: string): ValueMap {
  return readValuesFile(file).values;
}

/** Parses the text of a values file; see {@link readValuesFile}. */
export function parseValues(text: string, file: string): ValueMap {
  return parseValuesFile(text, file).values;
}

/** The same with where each value stands. */
export function parseValuesFile(text: string, file: string): ValuesFile {
  const lines = new LineCounter();
  // The parser's own message quotes the line, which may hold a credential. Of repeated keys, Helm takes the last.
  const all = parseYaml(text, lines);
  for (const { errors } of all) {
    const [error] = errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      const code = error.code.toLowerCase().replaceAll("_", " ");
      throw new UserError(`${file} is not YAML: line ${line}, column ${col} (${code}).`);
    }
  }
  const [first, ...others] = all.map((document) => valuesTree(document, lines, file));
  const values = first?.value;
  if (first === undefined || !isMap(values) || Object.keys(values).length === 0) {
    throw new UserError(
      `${file} holds no chart values: it must be the file that Helm was given with -f.`,
    );
  }
  const otherDocuments = others.filter(({ value }) => value !== undefined && value !== null).length;
  return { values, places: first.places, repeated: first.repeated, otherDocuments };
}

/** Far more than a provider's values have; to parse ten times as much takes a minute and a half. */
const mostBytes = 1024 * 1024;

function refuseLarge(size: number, file: string): void {
  if (size > mostBytes) {
    throw new UserError(
      `${file} has ${(size / mostBytes).toFixed(1)} MiB, and is no file with a provider's values, which have less than 1 MiB. Helm knows what it was given: helm get values 'RELEASE' -n 'NAMESPACE' -o yaml > provider.yaml`,
    );
  }
}

function readText(file: string): string {
  try {
    refuseLarge(statSync(file).size, file);
    const bytes = readFileSync(file);
    // A pipe has no size beforehand.
    refuseLarge(bytes.length, file);
    return decoded(bytes);
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    if (hasCode(error, "ENOENT")) {
      throw new UserError(
        `There is no file ${file}. Helm knows what it was given: helm get values 'RELEASE' -n 'NAMESPACE' -o yaml > provider.yaml`,
      );
    }
    if (hasCode(error, "EISDIR")) {
      throw new UserError(
        `${file} is a folder. Name the file that Helm was given with -f: ${file.replace(/\/*$/, "")}/provider.yaml`,
      );
    }
    // Such as one that may not be read.
    throw new UserError(
      `${file} cannot be read (${messageOf(error).replace(/^\w+: ([^,]*),.*$/, "$1")}).`,
    );
  }
}

/** The text of a file, by its byte order mark as Helm's parser takes it: PowerShell writes UTF-16. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}
