import { isMap } from "../../lib/json.ts";
import { known, type Rule } from "../rule.ts";

/** The chart's values with a credential (values.yaml); Helm keeps every used value in the cluster. */
const credentialPaths =
  /^(?:key|keysecret|letsEncrypt\.providers\.[^.]+\.(?!enabled$).+|.*externalAccountBinding\.(?:.+))$/;
/** The forms of a credential in any value. */
const credentialTexts = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /"private_key"\s*:/,
  /\b(?:cfut|cfat)_\w{20}/,
];

export const noCredentialInValues: Rule = {
  name: "no-credential-in-values",
  description: "The values of a Helm release contain no credential.",
  types: ["kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart"],
  check: ({ props }) =>
    texts(
      known(() => props.values),
      "",
    ).flatMap(({ path, text }) =>
      text !== "" && (credentialPaths.test(path) || looksLikeOne(text))
        ? [
            `The value ${path} is, or contains, a credential, which Helm keeps in the cluster with each revision. The stack's own settings (walletKey, dns) keep it in a Secret.`,
          ]
        : [],
    ),
};

interface Text {
  readonly path: string;
  readonly text: string;
}

/** The texts in a value, by their paths; unknown values are left out. */
function texts(value: unknown, path: string): readonly Text[] {
  if (typeof value === "string") {
    return [{ path, text: value }];
  }
  if (!isMap(value) && !Array.isArray(value)) {
    return [];
  }
  const values = value as Readonly<Record<string, unknown>>;
  return Object.keys(values).flatMap((key) =>
    texts(
      known(() => values[key]),
      path === "" ? key : `${path}.${key}`,
    ),
  );
}

function looksLikeOne(text: string): boolean {
  const decoded = /^[A-Za-z\d+/\s]{40,}={0,2}\s*$/.test(text)
    ? Buffer.from(text, "base64").toString()
    : "";
  return credentialTexts.some((form) => form.test(text) || form.test(decoded));
}
