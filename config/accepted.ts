import { z } from "zod";
import { matching } from "./forms.ts";

/** The chart writes values between double quotes into YAML, and several values into one shell word (scripts/run.sh). */
const word = (problem = "is not one word") => matching(/^[^\s"\\]+$/, problem);

/** A value on its own line, as in the provider's entry on the chain (scripts/create_provider.sh). */
const line = matching(/^[^\r\n]*\S[^\r\n]*$/, "is not one line");

/** The host of a route for the API server (RFC 1123 subdomain); it may have one label less than a public name. */
const subdomain = matching(
  /^(?=.{1,244}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "is not a name that the API server accepts",
);

/** An attribute as the chart reads it: the chart ignores everything except key and value. */
const scalar = z.union([line, z.boolean(), z.number()]).transform(String);
const attribute = z.object({ key: scalar, value: scalar });

/**
 * The settings whose refusal is a warning where the stack's `accept` names them, each with the widest form with which a
 * provider runs.
 *
 * Excluded is what would lose something or break the run: a credential in plain text, among the chart's values or in two
 * places (Helm keeps it readable), a missing or unknown setting (it would have no effect), a missing file or zone, names
 * and places of the release (the next `up` would create another), the other environment's directory (use
 * `allowOtherDirectory`), `dns` and `challenge` (a credential could be deleted), and what the repairs need of the chart.
 */
export const acceptedForms = {
  // The chart accepts a key's name instead of the address (scripts/create_provider.sh). A wrong address is not a name.
  from: matching(/^(?!akash1)[^\s"'`$\\/]+$/, "is neither an address nor the name of a key"),
  // The provider skips text before the armor, and keeps an imported key.
  walletKey: matching(
    /-----BEGIN TENDERMINT PRIVATE KEY-----\r?\n[^]+\n-----END TENDERMINT PRIVATE KEY-----/,
    "contains no armored key (-----BEGIN TENDERMINT PRIVATE KEY-----)",
  ),
  domain: subdomain,
  email: word(),
  website: line,
  node: word(),
  chainid: word(),
  withdrawalperiod: word(),
  // A space before the denomination is ignored (cosmos/cosmos-sdk, types/coin.go).
  bidmindeposit: matching(/^[^\s"\\]+( [^\s"\\]+)?$/, "is not an amount"),
  attributes: z.array(attribute),
  acmeDirectory: word(),
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** Settings, and chart values, without effect or with an effect that a running provider may depend on. */
const harmless = ["storageClass", "values.serviceAccount.name"] as const;

/** A price target of the bid price script, by its chart value. */
export const priceTargetNames = [
  "price_target_cpu",
  "price_target_memory",
  "price_target_hd_ephemeral",
  "price_target_hd_pers_hdd",
  "price_target_hd_pers_ssd",
  "price_target_hd_pers_nvme",
  "price_target_endpoint",
  "price_target_ip",
  "price_target_gpu_mappings",
] as const;

/** The valid names in `accept`. */
export const acceptableSettings = [
  ...(Object.keys(acceptedForms) as (keyof typeof acceptedForms)[]),
  ...priceTargetNames,
  ...harmless,
] as const;

/** A setting whose refusal can be a warning. */
export type AcceptableSetting = (typeof acceptableSettings)[number];

/** The setting's form in {@link acceptedForms}, if any. */
export function acceptedForm(setting: string): z.ZodType | undefined {
  return Object.hasOwn(acceptedForms, setting)
    ? acceptedForms[setting as keyof typeof acceptedForms]
    : undefined;
}

/** The name in `accept` for a setting, or for a place inside one; undefined where `accept` has no effect. */
export function acceptName(setting: string): AcceptableSetting | undefined {
  return acceptableSettings.find(
    (name) =>
      setting === name || (setting.startsWith(name) && /^[.[]/.test(setting.slice(name.length))),
  );
}
