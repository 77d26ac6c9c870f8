import { readFileSync } from "node:fs";
import { hasCode, UserError } from "../../lib/errors.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";
import { mapLeaves } from "../../lib/tree.ts";
import { parseYaml } from "../../lib/yaml.ts";

/**
 * Reads a values file as Helm does, one document. A whole number that no double holds is the text of its digits.
 *
 * @throws UserError when it cannot be read, or is not a map; the message shows nothing of its content
 */
export function readValues(file: string): ValueMap {
  return parseValues(readText(file), file);
}

/** Parses the text of a values file; see {@link readValues}. */
export function parseValues(text: string, file: string): ValueMap {
  // The parser's own message quotes the line, which may hold a credential.
  const all = parseYaml(text, { uniqueKeys: true });
  for (const { errors } of all) {
    const [error] = errors;
    if (error !== undefined) {
      const [{ line, col } = { line: 0, col: 0 }] = error.linePos ?? [];
      const code = error.code.toLowerCase().replaceAll("_", " ");
      throw new UserError(`${file} is not YAML: line ${line}, column ${col} (${code}).`);
    }
  }
  const [values, ...others] = all.map((document) => inJson(document.toJS(), file));
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

/**
 * The value as JSON has it: a whole number that no double holds as the text of its digits.
 *
 * @throws UserError where it is an infinity or no number, on which Helm gives up
 */
function inJson(value: unknown, file: string): unknown {
  return mapLeaves(value, (leaf, path) => {
    if (typeof leaf === "number" && !Number.isFinite(leaf)) {
      throw new UserError(
        `${file} has a number at ${path.join(".")} that Helm does not take: .inf and .nan are text only in quotes.`,
      );
    }
    return typeof leaf === "bigint" ? String(leaf) : leaf;
  });
}

function readText(file: string): string {
  try {
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
