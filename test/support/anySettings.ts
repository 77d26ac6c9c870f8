import fc from "fast-check";
import { settings } from "../../config/settings.ts";
import type { ConfigSource } from "../../config/index.ts";
import { configSource } from "./settings.ts";
import { anyNumber, anyText, plainScalars, yamlTree } from "./yamlValues.ts";

/** A JSON value as text, with numbers in Pulumi's format. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, inside: unknown) =>
    typeof inside === "bigint" ? `bigint:${inside}` : inside,
  ).replaceAll(/"bigint:(-?\d+)"/g, "$1");
}

const scalar = fc.oneof(anyText, anyNumber, fc.boolean());

/** Values that the published chart prints, each with valid values. */
const printedValues = {
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

/** Replacements for chart values. */
interface ChartScalars {
  /** For values that the chart prints between quotes. */
  readonly printed: fc.Arbitrary<unknown>;
  /** For values that become part of objects' names. */
  readonly name: fc.Arbitrary<unknown>;
  /** For values that the chart writes as JSON. */
  readonly written: fc.Arbitrary<unknown>;
}

/** Chart values as operators set them, and occasionally an arbitrary value instead. */
function chartValuesOf({
  printed,
  name,
  written,
}: ChartScalars): fc.Arbitrary<Record<string, unknown>> {
  const one = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<unknown>(...Object.values(printedValues)) },
    { weight: 2, arbitrary: anyNumber },
    { weight: 1, arbitrary: printed },
  );
  const label = fc.constantFrom("a", "22-30", "0744", "yes", "2024-01-15");
  return fc
    .record(
      {
        printed: fc.dictionary(fc.constantFrom(...Object.keys(printedValues)), one, { maxKeys: 4 }),
        image: fc.record({ tag: fc.oneof(fc.constant("0.16.2"), printed) }),
        monitor: fc.record({ maxRetries: one, retryPeriod: fc.constant("30s") }),
        resources: fc.record({
          limits: fc.option(
            fc.record({ cpu: fc.integer({ min: 1, max: 64 }), memory: fc.constant(4294967296) }),
          ),
        }),
        podSecurityContext: fc.record({ fsGroup: fc.integer({ min: 0, max: 2147483647 }) }),
        nodeSelector: fc.dictionary(fc.constantFrom("rack", "zone"), label),
        tolerations: fc.array(
          fc.record({
            key: fc.constant("a"),
            operator: fc.constant("Exists"),
            effect: fc.constant("NoExecute"),
            tolerationSeconds: fc.integer({ min: 0 }),
          }),
          { maxLength: 2 },
        ),
        serviceAccount: fc.record({
          annotations: fc.dictionary(fc.constantFrom("a/b", "note"), written, { maxKeys: 2 }),
        }),
        nameOverride: fc.oneof(fc.constant("provider"), name),
        strange: yamlTree,
      },
      { requiredKeys: [] },
    )
    .map(({ printed: some, ...others }) => ({ ...some, ...others }));
}

export const chartValueTree = chartValuesOf({
  printed: scalar,
  name: scalar,
  written: scalar,
});

/** An existing file. */
const bidPriceScript = "test/support/price_script.sh";

/** Valid values of a setting. */
function ownForms(name: keyof typeof settings): readonly string[] {
  const { examples = [] } = settings[name].meta() ?? {};
  const own = examples.map((example) =>
    typeof example === "string" ? example : jsonText(example),
  );
  return name === "bidPriceScript" ? [bidPriceScript] : own;
}

/** A setting's value: valid, or arbitrary. */
function settingText(name: keyof typeof settings): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...ownForms(name)) },
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
      zone: fc.oneof({ weight: 5, arbitrary: fc.constant("example.com") }, scalar),
      rotation: fc.oneof(fc.constantFrom("2026-12", "2026-12-01 00:00:00 +0000 UTC"), scalar),
      expiresOn: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom("2099-01-31", "2099-01-31 00:00:00 +0000 UTC") },
        scalar,
      ),
      maxAgeDays: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1 }) }, scalar),
      allowedIps: fc.oneof({ weight: 5, arbitrary: fc.constant(["192.0.2.7/32"]) }, yamlTree),
    },
    { requiredKeys: ["zone"] },
  )
  .map((options) => jsonText({ provider: "cloudflare", ...options }));

interface Configuration {
  readonly few: readonly (readonly [string, string])[];
  readonly values: unknown;
  readonly dns: string | undefined;
  readonly stack: string;
}

function sourceOf({ few, values, dns, stack }: Configuration): ConfigSource {
  const hasTarget = few.some(([name]) => name.startsWith("price_target_"));
  return configSource(
    {
      ...(hasTarget && { bidPriceScript }),
      ...Object.fromEntries(few),
      ...(values !== undefined && { values: jsonText(values) }),
      ...(dns !== undefined && { dns, challenge: "dns-01" }),
    },
    stack,
  );
}

const stack = fc.constantFrom("home", "prod", "dev");

/** The configuration of a stack, as Pulumi passes it on: mostly valid, partly arbitrary. */
export const anyConfiguration: fc.Arbitrary<ConfigSource> = fc
  .record({
    few: fc.uniqueArray(
      fc.constantFrom(...optional).chain((name) => fc.tuple(fc.constant(name), settingText(name))),
      { maxLength: 3, selector: ([name]) => name },
    ),
    values: fc.option(
      fc.oneof({ weight: 9, arbitrary: chartValueTree }, { weight: 1, arbitrary: yamlTree }),
      { nil: undefined },
    ),
    dns: fc.option(dns, { nil: undefined, freq: 3 }),
    stack,
  })
  .map(sourceOf);

/** Text that is one word between quotes, as the chart prints its values. */
const word = fc.oneof(
  fc.constantFrom(...plainScalars.map(([plain]) => plain)),
  fc.string({ unit: fc.constantFrom(..."abcXYZ0123456789.:,+-_=/~@"), maxLength: 12 }),
);

/** The same without text that would break only the chart's own quotes or a name. */
export const deployableConfiguration: fc.Arbitrary<ConfigSource> = fc
  .record({
    few: fc.uniqueArray(
      fc
        .constantFrom(...optional.filter((name) => !/^(chart|kubeContext|namespace)/.test(name)))
        .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...ownForms(name)))),
      { maxLength: 5, selector: ([name]) => name },
    ),
    values: chartValuesOf({
      printed: fc.oneof(word, anyNumber, fc.boolean()),
      name: fc.constantFrom("provider", "node", "n-1"),
      // Helm's parser accepts no control characters, and the chart escapes none.
      written: fc.oneof(word, fc.string()),
    }),
    dns: fc.constant(undefined),
    stack,
  })
  .map(sourceOf);
