import fc from "fast-check";
import { settings } from "../../config/settings.ts";
import type { ConfigSource } from "../../config/index.ts";
import { configSource } from "./settings.ts";
import { anyNumber, anyText, plainScalars, yamlTree } from "./yamlValues.ts";

/** What JSON can hold, numbers as Pulumi writes them. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, inside: unknown) =>
    typeof inside === "bigint" ? `bigint:${inside}` : inside,
  ).replaceAll(/"bigint:(-?\d+)"/g, "$1");
}

const scalar = fc.oneof(anyText, anyNumber, fc.boolean());

/** Values that the published chart prints, each with one in its own form. */
const printed = {
  bidpricecpuscale: "0.004",
  bidpricestoragescale: "0.00016,beta2=0.00016",
  cluster_node_port_quantity: 2500,
  debug: false,
  deploymentnetworkpoliciesenabled: "false",
  gas: "auto",
  gasadjustment: 1.5,
  gasprices: "0.025uakt",
  minimumbalance: 10000000,
  overcommit_pct_cpu: 20,
  tx_broadcast_timeout: "60s",
  withdrawal_period: "24h",
} as const;

/** Chart values as operators have them, and now and then something else in their place. */
export const chartValueTree: fc.Arbitrary<Record<string, unknown>> = fc
  .record(
    {
      ...Object.fromEntries(
        Object.entries(printed).map(([name, value]) => [
          name,
          fc.oneof(
            { weight: 4, arbitrary: fc.constant<unknown>(value) },
            { weight: 2, arbitrary: anyNumber },
            { weight: 1, arbitrary: scalar },
          ),
        ]),
      ),
      image: fc.record({ tag: fc.oneof(fc.constant("0.16.2"), scalar) }, { requiredKeys: [] }),
      monitor: fc.record(
        { maxRetries: fc.oneof(fc.nat(), scalar), retryPeriod: fc.constant("30s") },
        { requiredKeys: [] },
      ),
      resources: fc.record({
        limits: fc.record({
          cpu: fc.integer({ min: 1, max: 64 }),
          memory: fc.constant(4294967296),
        }),
      }),
      podSecurityContext: fc.record({ fsGroup: fc.integer({ min: 0, max: 2147483647 }) }),
      nodeSelector: fc.dictionary(fc.constantFrom("rack", "zone"), fc.constantFrom("a", "22-30")),
      tolerations: fc.array(fc.record({ key: fc.constant("a"), operator: fc.constant("Exists") }), {
        maxLength: 2,
      }),
      serviceAccount: fc.record({
        annotations: fc.dictionary(fc.constantFrom("a/b", "note"), anyText, { maxKeys: 2 }),
      }),
      nameOverride: fc.oneof(fc.constant("provider"), scalar),
      strange: yamlTree,
    },
    { requiredKeys: [] },
  )
  .map((tree) => ({ ...tree }));

/** A setting's value as somebody might have it: in its own form, or in any other. */
function settingText(name: keyof typeof settings): fc.Arbitrary<string> {
  const { examples = [] } = settings[name].meta() ?? {};
  const own = (examples as readonly unknown[]).map((example) =>
    typeof example === "string" ? example : jsonText(example),
  );
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...(own.length === 0 ? ["x"] : own)) },
    { weight: 1, arbitrary: fc.constantFrom(...plainScalars.map(([plain]) => plain)) },
    { weight: 1, arbitrary: anyText },
    { weight: 1, arbitrary: yamlTree.map(jsonText) },
  );
}

const optional = (Object.keys(settings) as (keyof typeof settings)[]).filter(
  (name) => !["walletKey", "walletPassword", "from", "dns", "challenge", "values"].includes(name),
);

const dns: fc.Arbitrary<string> = fc
  .record(
    {
      provider: fc.constantFrom("cloudflare", "googleCloud"),
      zone: fc.oneof(fc.constant("example.com"), scalar),
      project: fc.oneof(fc.constant("my-project"), scalar),
      rotation: fc.oneof(fc.constantFrom("2026-12", "2026-12-01 00:00:00 +0000 UTC"), scalar),
      expiresOn: fc.oneof(fc.constantFrom("2099-01-31 00:00:00 +0000 UTC"), scalar),
      maxAgeDays: fc.oneof(fc.integer(), scalar),
      allowedIps: fc.oneof(fc.constant(["192.0.2.7/32"]), yamlTree),
    },
    { requiredKeys: ["provider"] },
  )
  .map(jsonText);

/** The configuration of a stack, as Pulumi hands it over: much of it right, some of it anything. */
export const anyConfiguration: fc.Arbitrary<ConfigSource> = fc
  .record({
    few: fc.uniqueArray(
      fc.constantFrom(...optional).chain((name) => fc.tuple(fc.constant(name), settingText(name))),
      { maxLength: 4, selector: ([name]) => name },
    ),
    values: fc.option(
      fc.oneof({ weight: 5, arbitrary: chartValueTree }, { weight: 1, arbitrary: yamlTree }),
      {
        nil: undefined,
      },
    ),
    dns: fc.option(dns, { nil: undefined, freq: 3 }),
    stack: fc.constantFrom("home", "staging", "prod", "dev"),
  })
  .map(({ few, values, dns, stack }) =>
    configSource(
      {
        ...Object.fromEntries(few),
        ...(values !== undefined && { values: jsonText(values) }),
        ...(dns !== undefined && { dns, challenge: "dns-01" }),
      },
      stack,
    ),
  );
