import { isMap } from "../lib/json.ts";

/** The endings of names whose value is a credential: `pullPassword`, `API_TOKEN`, `secretAccessKey`. */
const credentialName =
  /(?:password|passwd|passphrase|token|secret|credentials?|(?:api|access|private|secret|auth|encryption|signing|license|shared)[-_ ]?key)$|(?:^|[-_. ])(?:pass|passcode|pwd|bearer|mnemonic)$/;

/** Names whose value is itself a name, such as that of a Secret in the cluster. */
const reference = /(?:existing|pull|tls|ca)[-_]?(?:secret|credentials?)$/;

/**
 * The paths inside chart values that look like credentials by their name. An environment variable has its name beside its
 * value.
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
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  return (
    credentialName.test(words) &&
    !reference.test(words) &&
    // A number can be a password; maps and lists are searched.
    ((typeof value === "string" && value !== "") || typeof value === "number")
  );
}
