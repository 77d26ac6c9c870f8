import fc from "fast-check";
import { formatYaml } from "../../lib/yaml.ts";
import { chartValueTree } from "./anySettings.ts";
import { requiredSettings, walletKey, walletPassword } from "./settings.ts";
import { anyText, plainScalars, yamlTree } from "./yamlValues.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The minimum values of an installation with Helm. */
const required = {
  from: requiredSettings.from,
  domain: "example.com",
  email: "operator@example.com",
  key: base64(walletKey),
  keysecret: base64(walletPassword),
};

const places = [
  ...Object.keys(required),
  ...["attributes", "website", "node", "bidpricescript", "price_target_cpu", "letsEncrypt", "acme"],
  ...[
    "letsEncrypt.acme",
    "letsEncrypt.providers",
    "letsEncrypt.providers.cloudflare",
    "gatewayApi",
  ],
];

/** A map with an arbitrary value at one place. */
function spoilt(
  tree: Record<string, unknown>,
  path: string,
  value: unknown,
): Record<string, unknown> {
  const [key = "", ...rest] = path.split(".");
  const inside = tree[key] as Record<string, unknown> | undefined;
  return {
    ...tree,
    [key]: rest.length === 0 ? value : spoilt(inside ?? {}, rest.join("."), value),
  };
}

const line = fc
  .tuple(
    fc.constantFrom("", "  ", "    ", "- ", "? "),
    fc.constantFrom("from", "domain", "x", "<<", "&a b", "*a", "!!int x", "image", '"y', "[", "{"),
    fc.constantFrom(": ", ":", " ", ": |\n  ", ": &a ", ": *a ", ": !!float "),
    fc.oneof(fc.constantFrom(...plainScalars.map(([plain]) => plain)), anyText),
  )
  .map((parts) => parts.join(""));

/** The text of a values file: one that Helm accepts, one with an error, or one that is hardly YAML. */
export const anyValuesFile: fc.Arbitrary<string> = fc.oneof(
  chartValueTree.map((tree) => formatYaml({ ...required, ...tree })),
  fc
    .tuple(chartValueTree, fc.constantFrom(...places), yamlTree)
    .map(([tree, path, value]) => formatYaml(spoilt({ ...required, ...tree }, path, value))),
  fc
    .array(fc.tuple(fc.constantFrom("gas", "x", "domain"), fc.constantFrom(...plainScalars)), {
      maxLength: 4,
    })
    .map((lines) =>
      [formatYaml(required), ...lines.map(([name, [plain]]) => `${name}: ${plain}\n`)].join(""),
    ),
  fc.array(line, { maxLength: 6 }).map((lines) => lines.join("\n")),
);
