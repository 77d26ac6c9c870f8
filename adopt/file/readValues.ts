import { readFileSync, statSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { hasCode, UserError } from "../../lib/errors.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";

/**
 * Reads a values file as Helm does: YAML 1.1, one document.
 *
 * @throws UserError when it cannot be read, or is not a map; the message shows nothing of its content
 */
export function readValues(file: string): ValueMap {
  return parseValues(readText(file), file);
}

/** Parses the text of a values file; see {@link readValues}. */
export function parseValues(text: string, file: string): ValueMap {
  // The parser's own message quotes the line, which may hold a credential.
  const documents = parseAllDocuments(text, { version: "1.1", prettyErrors: true });
  const all = "empty" in documents ? [] : documents;
  for (const { errors } of all) {
    const [error] = errors;
    if (error !== undefined) {
      const [{ line, col } = { line: 0, col: 0 }] = error.linePos ?? [];
      const code = error.code.toLowerCase().replaceAll("_", " ");
      throw new UserError(`${file} is not YAML: line ${line}, column ${col} (${code}).`);
    }
  }
  const [values, ...others] = all.map((document) => document.toJS() as unknown);
  if (others.length > 0) {
    throw new UserError(`${file} has ${all.length} YAML documents; Helm takes one.`);
  }
  if (!isMap(values) || Object.keys(values).length === 0) {
    throw new UserError(
      `${file} holds no chart values: it must be the file that Helm was given with -f.`,
    );
  }
  return values;
}

/** As much as Helm's record of a release can hold, which has the values in it (etcd's limit for one object). */
const mostBytes = 1024 * 1024;

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > mostBytes) {
      throw new UserError(
        `${file} has ${Math.ceil(size / mostBytes)} MiB, and Helm can deploy no values of more than 1 MiB: it must be the file that Helm was given with -f.`,
      );
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "EISDIR")) {
      throw new UserError(
        `There is no file ${file}. Helm knows what it was given: helm get values 'RELEASE' -n 'NAMESPACE' -o yaml > provider.yaml`,
      );
    }
    throw error;
  }
}
