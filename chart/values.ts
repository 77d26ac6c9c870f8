import * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/index.ts";
import { isMap } from "../lib/json.ts";
import { parametersAnnotation } from "./parameters.ts";

/** Values of the chart `provider`, as its values.yaml names them. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** What the values depend on beside the configuration. */
export interface ChartValuesOptions {
  /** The post-renderer's parameters, encoded. */
  readonly parameters: pulumi.Input<string>;
  /** The DNS provider whose Secret the pod reads; none under HTTP-01, or where the pod needs no Secret. */
  readonly credentialOf?: "googleCloud" | "cloudflare" | undefined;
  /** Further annotations of the pod's ServiceAccount. */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
}

/**
 * The chart values of a configuration.
 *
 * No credential is among them: Helm keeps the values of each revision in the cluster.
 */
export function chartValues(
  config: Config,
  { parameters, credentialOf, serviceAccountAnnotations }: ChartValuesOptions,
): ChartValues {
  const values = {
    from: config.from,
    domain: config.domain,
    email: config.email,
    website: config.website,
    node: config.node,
    chainid: config.chainid,
    withdrawalperiod: config.withdrawalperiod,
    bidmindeposit: config.bidmindeposit,
    attributes: config.attributes,
    ...config.priceTargets,
    bidpricescript: config.bidPriceScript && Buffer.from(config.bidPriceScript).toString("base64"),
    letsEncrypt: {
      enabled: true,
      acme: { caDirUrl: config.directoryUrl, email: config.email },
      storage: { storageClass: config.storageClass },
      // The chart mounts a provider's Secret only when it is enabled, and renders the Secret itself then. Its content
      // is left empty, and the repair `credential-secrets` drops it.
      providers: credentialOf && { [credentialOf]: { enabled: true } },
    },
    ...ingressValues(config.ingress),
    serviceAccount: {
      annotations: { ...serviceAccountAnnotations, [parametersAnnotation]: parameters },
    },
  };
  return merge(withoutUndefined(values), config.values);
}

function ingressValues(ingress: Config["ingress"]): ChartValues {
  switch (ingress.mode) {
    case "gateway-api":
      return {
        gatewayApi: {
          enabled: true,
          gatewayName: ingress.gatewayName,
          gatewayNamespace: ingress.gatewayNamespace,
        },
      };
    case "ingress":
      return { gatewayApi: { enabled: false }, ingress: { className: ingress.className } };
  }
}

/** Leaves the chart's default in place where nothing is said, and empty maps out. */
function withoutUndefined(values: ChartValues): ChartValues {
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, isValueMap(value) ? withoutUndefined(value) : value] as const)
      .filter(([, value]) => value !== undefined && !(isValueMap(value) && isEmpty(value))),
  );
}

/** Merges maps as Helm merges values: maps by key, everything else as a whole. */
function merge(base: ChartValues, over: ChartValues): ChartValues {
  const merged = Object.entries(over).map(([name, value]) => {
    const present = base[name];
    return [
      name,
      isValueMap(present) && isValueMap(value) ? merge(present, value) : value,
    ] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

/** An output is a value that is not known yet, and no map of its own fields. */
function isValueMap(value: unknown): value is ChartValues {
  return isMap(value) && !pulumi.Output.isInstance(value);
}

function isEmpty(map: ChartValues): boolean {
  return Object.keys(map).length === 0;
}
