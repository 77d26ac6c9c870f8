import type { Config } from "../config.ts";
import { encodeParameters, parametersAnnotation, type Parameters } from "./parameters.ts";

/** Values of the chart `provider`, as its values.yaml names them. */
export type ChartValues = Readonly<Record<string, unknown>>;

/**
 * The chart values of a configuration.
 *
 * No credential is among them: Helm keeps the values of each revision in the cluster.
 *
 * @param config the stack's configuration
 * @param challenge what the post-renderer must know about the challenge
 */
export function chartValues(config: Config, challenge: Parameters["challenge"]): ChartValues {
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
      providers: challenge.type === "dns-01" ? dnsProviders(challenge) : undefined,
    },
    ...ingressValues(config.ingress),
    serviceAccount: {
      annotations: {
        [parametersAnnotation]: encodeParameters({
          challenge,
          walletDigest: config.wallet.digest,
        }),
      },
    },
  };
  return merge(withoutUndefined(values), config.values);
}

/**
 * The chart mounts a DNS provider's Secret only when it is enabled, and renders the Secret itself then; the content is
 * left empty, and the repair `credential-secrets` drops what is rendered.
 */
function dnsProviders({ dnsProvider }: Extract<Parameters["challenge"], { type: "dns-01" }>) {
  return { [dnsProvider]: { enabled: true } };
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
      .map(([name, value]) => [name, isMap(value) ? withoutUndefined(value) : value] as const)
      .filter(([, value]) => value !== undefined && !(isMap(value) && isEmpty(value))),
  );
}

/** Merges maps as Helm merges values: maps by key, everything else as a whole. */
function merge(base: ChartValues, over: ChartValues): ChartValues {
  const merged = Object.entries(over).map(([name, value]) => {
    const present = base[name];
    return [name, isMap(present) && isMap(value) ? merge(present, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function isMap(value: unknown): value is ChartValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(map: ChartValues): boolean {
  return Object.keys(map).length === 0;
}
