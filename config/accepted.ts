import { z } from "zod";
import { matching } from "./forms.ts";

/** The chart writes values between double quotes into YAML, and several of them into one shell word (scripts/run.sh). */
const word = (problem = "is not one word") => matching(/^[^\s"\\]+$/, problem);

/** Where a value stands by itself, as in the provider's entry on the chain (scripts/create_provider.sh). */
const line = matching(/^[^\r\n]*\S[^\r\n]*$/, "is not one line");

/** What the API server takes as the host of a route (RFC 1123 subdomain), with a label less than a public name has. */
const subdomain = matching(
  /^(?=.{1,244}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "is no name that the API server takes",
);

/** An attribute as the chart reads it: whatever else stands beside key and value, it does not look at. */
const scalar = z.union([line, z.boolean(), z.number()]).transform(String);
const attribute = z.object({ key: scalar, value: scalar });

/**
 * The settings whose refusal is a warning where the stack's `accept` names them, each with the widest form with which a
 * provider runs.
 *
 * Not among them is what would lose something or break the run: a credential in clear, among the chart's values or in two
 * places (Helm keeps it readable), a setting that is missing or not known (what it should do would not happen), a file or
 * zone that is not there, names and places of the release (the next `up` would make another), the other environment's
 * directory (it has `allowOtherDirectory`), `dns` and `challenge` (a credential could be deleted), and what the repairs
 * need of the chart.
 */
export const acceptedForms = {
  // The chart takes a key's name in the address's place (scripts/create_provider.sh). What looks like an address is none.
  from: matching(/^(?!akash1)[^\s"'`$\\/]+$/, "is no name of a key"),
  // The provider skips what stands before the armour, and keeps the key that it has imported.
  walletKey: matching(
    /-----BEGIN TENDERMINT PRIVATE KEY-----\r?\n[^]+\n-----END TENDERMINT PRIVATE KEY-----/,
    "holds no armour",
  ),
  domain: subdomain,
  email: word(),
  website: line,
  node: word(),
  chainid: word(),
  withdrawalperiod: word(),
  // A blank before the denomination is none (cosmos/cosmos-sdk, types/coin.go).
  bidmindeposit: matching(/^[^\s"\\]+( [^\s"\\]+)?$/, "is no amount"),
  attributes: z.array(attribute),
  acmeDirectory: word(),
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** Settings, and chart values, that have no effect or one that a running provider may count on. */
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

/** What `accept` may name. */
export const acceptableSettings = [
  ...(Object.keys(acceptedForms) as (keyof typeof acceptedForms)[]),
  ...priceTargetNames,
  ...harmless,
] as const;

/** A setting whose refusal can be a warning. */
export type AcceptableSetting = (typeof acceptableSettings)[number];

/** The setting's own form, where it is among {@link acceptedForms}. */
export function acceptedForm(setting: string): z.ZodType | undefined {
  return Object.hasOwn(acceptedForms, setting)
    ? acceptedForms[setting as keyof typeof acceptedForms]
    : undefined;
}

/** The name by which `accept` names a setting, or a place inside one; undefined where its refusal stays one. */
export function acceptName(setting: string): AcceptableSetting | undefined {
  return acceptableSettings.find(
    (name) =>
      setting === name || (setting.startsWith(name) && /^[.[]/.test(setting.slice(name.length))),
  );
}
