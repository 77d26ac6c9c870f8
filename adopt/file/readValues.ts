import { readFileSync, statSync } from "node:fs";
import { LineCounter } from "yaml";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";
import { parseYaml } from "../../lib/yaml.ts";
import { valuesTree, type Place, type RepeatedKey } from "./valuesTree.ts";

/** A values file. */
export interface ValuesFile {
  readonly values: ValueMap;
  /** The place of each value, by its path; items of lists by number. */
  readonly places: ReadonlyMap<string, Place>;
  /** Keys that occur more than once in the same map; Helm uses the last. */
  readonly repeated: readonly RepeatedKey[];
  /** How many YAML documents with content follow the first; Helm reads only the first. */
  readonly otherDocuments: number;
}

/**
 * Reads the first document of a values file, as Helm does. A whole number that a double cannot represent becomes the text
 * of its digits.
 *
 * @throws UserError when the file cannot be read, or is not a map; the message contains nothing of the file
 */
export function readValuesFile(file: string): ValuesFile {
  return parseValuesFile(readText(file), file);
}

/** Only the values of a file; see {@link readValuesFile}. */
export function readValues(file: string): ValueMap {
  return readValuesFile(file).values;
}

/** Parses the text of a values file; see {@link readValuesFile}. */
export function parseValues(text: string, file: string): ValueMap {
  return parseValuesFile(text, file).values;
}

/** The same with the place of each value. */
export function parseValuesFile(text: string, file: string): ValuesFile {
  const lines = new LineCounter();
  // The parser's own message quotes the line, which may contain a credential. Of repeated keys, Helm uses the last.
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
      `${file} contains no chart values: it must be the file that was passed to Helm with -f.`,
    );
  }
  const otherDocuments = others.filter(({ value }) => value !== undefined && value !== null).length;
  return { values, places: first.places, repeated: first.repeated, otherDocuments };
}

/** Far more than the size of a provider's values; parsing ten times as much takes a minute and a half. */
const mostBytes = 1024 * 1024;

function refuseLarge(size: number, file: string): void {
  if (size > mostBytes) {
    throw new UserError(
      `${file} has ${(size / mostBytes).toFixed(1)} MiB; a file with a provider's values has less than 1 MiB. To get the values from Helm: helm get values 'RELEASE' -n 'NAMESPACE' -o yaml > provider.yaml`,
    );
  }
}

function readText(file: string): string {
  try {
    refuseLarge(statSync(file).size, file);
    const bytes = readFileSync(file);
    // The size of a pipe is unknown before it is read.
    refuseLarge(bytes.length, file);
    return decoded(bytes);
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    if (hasCode(error, "ENOENT")) {
      throw new UserError(
        `The file ${file} does not exist. To get the values from Helm: helm get values 'RELEASE' -n 'NAMESPACE' -o yaml > provider.yaml`,
      );
    }
    if (hasCode(error, "EISDIR")) {
      throw new UserError(
        `${file} is a folder. Name the file that was passed to Helm with -f: ${file.replace(/\/*$/, "")}/provider.yaml`,
      );
    }
    // Such as missing permission to read the file.
    throw new UserError(
      `${file} cannot be read (${messageOf(error).replace(/^\w+: ([^,]*),.*$/, "$1")}).`,
    );
  }
}

/** The text of a file, decoded by its byte order mark as in Helm's parser: PowerShell writes UTF-16. */
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
