import { isMap } from "../lib/json.ts";

/** What the last words of a name are that has a credential as its value: `pullPassword`, `API_TOKEN`, `secretAccessKey`. */
const credentialName =
  /(?:^|[-_.\s]|[a-z0-9](?=[A-Z]))(?:pass(?:word|wd|phrase|code)?|pwd|token|secret|credentials?|bearer|(?:api|access|private|secret|auth|encryption|signing|license|shared)[-_]?key|mnemonic)$/i;

/** Names of which the value is the name of something, such as a Secret in the cluster. */
const reference = /(?:existing|pull|tls|ca)[-_]?(?:secret|credentials?)$/i;

/**
 * The paths inside chart values at which something stands that looks like a credential by its name. A variable of an
 * environment is known by the name beside its value.
 */
export function credentialLookalikes(values: unknown): readonly (readonly (string | number)[])[] {
  return lookalikesIn(values, []);
}

type Path = readonly (string | number)[];

function lookalikesIn(value: unknown, path: Path): readonly Path[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => lookalikesIn(item, [...path, index]));
  }
  if (isMap(value)) {
    const { name } = value;
    const isVariable = typeof name === "string" && isCredential(name, value.value);
    return [
      ...(isVariable ? [[...path, "value"]] : []),
      ...Object.entries(value).flatMap(([key, inner]) =>
        isCredential(key, inner) ? [[...path, key]] : lookalikesIn(inner, [...path, key]),
      ),
    ];
  }
  return [];
}

function isCredential(name: string, value: unknown): boolean {
  return (
    credentialName.test(name) &&
    !reference.test(name) &&
    // Numbers are passwords, too; maps and lists are looked into.
    ((typeof value === "string" && value !== "") || typeof value === "number")
  );
}
