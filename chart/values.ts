import * as pulumi from "@pulumi/pulumi";
import { dnsName } from "../lib/dnsName.ts";
import { isMap } from "../lib/json.ts";
import { printedInDigits } from "../lib/numbers.ts";
import { parametersAnnotation } from "./parameters.ts";
import type { DnsProvider } from "./release.ts";

/** Values of the chart `provider`, with the names in its values.yaml. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** One attribute of the provider (scripts/create_provider.sh). */
export interface ProviderAttribute {
  readonly key: pulumi.Input<string>;
  readonly value: pulumi.Input<string>;
}

/** The route from port 80 to the provider with the Gateway API (templates/gateway.yaml). */
export interface GatewayApi {
  readonly mode: "gateway-api";
  /** Default: the chart's, `akash-gateway`. */
  readonly gatewayName?: pulumi.Input<string> | undefined;
  /** Default: the chart's, `akash-gateway`. */
  readonly gatewayNamespace?: pulumi.Input<string> | undefined;
}

/** The route from port 80 to the provider with an Ingress (templates/ingress.yaml). */
export interface Ingress {
  readonly mode: "ingress";
  /** Default: the chart's, `akash-ingress-class`. */
  readonly className?: pulumi.Input<string> | undefined;
}

/** The provider's bid prices. */
export interface Pricing {
  /** Text of the bid price script. Default: none, for the scale strategy. */
  readonly script?: pulumi.Input<string> | undefined;
  /** Price targets, by the name of their chart value (`price_target_…`). They have an effect only with a script. */
  readonly targets?: Readonly<Record<string, pulumi.Input<string>>> | undefined;
  /** Minimum deposit of a bid, with amount and denomination. Default: the chart's. */
  readonly minimumDeposit?: pulumi.Input<string> | undefined;
}

/** The network of the provider. */
export interface Network {
  /** RPC node, an http(s) URL. Default: the chart's. */
  readonly node?: pulumi.Input<string> | undefined;
  /** Chain id. Default: the chart's, the main network. */
  readonly chainId?: pulumi.Input<string> | undefined;
  /** How often earnings are withdrawn, a Go duration. Default: the chart's. */
  readonly withdrawalPeriod?: pulumi.Input<string> | undefined;
}

/** Settings for the chart values. */
export interface ChartSettings {
  /** Address of the provider's account (`akash1…`). */
  readonly account: pulumi.Input<string>;
  /** Domain of the provider, without `provider.`. The chart receives the domain in ASCII. */
  readonly domain: pulumi.Input<string>;
  /** E-mail address for the account at the CA and for the provider's entry on the chain. */
  readonly email: pulumi.Input<string>;
  /** Website in the provider's entry on the chain. Default: none. */
  readonly website?: pulumi.Input<string> | undefined;
  /** The ACME directory URL. */
  readonly directoryUrl: pulumi.Input<string>;
  /** Attributes of the provider. Default: none. */
  readonly attributes?: pulumi.Input<readonly pulumi.Input<ProviderAttribute>[]> | undefined;
  /**
   * Storage class of the home volume. Default: the class of the persistent storage in `attributes`, to which the chart gives
   * precedence in any case, else the chart's local class.
   */
  readonly storageClass?: pulumi.Input<string> | undefined;
  /** The route from port 80 to the provider. `mode` is a plain value, since it determines the set of values. Default: the Gateway API. */
  readonly ingress?: GatewayApi | Ingress | undefined;
  /** The provider's bid prices. Default: the chart's. */
  readonly pricing?: Pricing | undefined;
  /** The network of the provider. Default: the chart's. */
  readonly network?: Network | undefined;
  /**
   * Further chart values, merged last, for settings without an argument. Default: none.
   *
   * A number that the chart would print with an exponent, such as `1e+07`, is passed as text: in Pulumi and Helm all numbers
   * are floating-point. A number that the chart renders with `toYaml`, such as in `resources` and annotations, stays a
   * number.
   */
  readonly values?: ChartValues | undefined;
}

/** Further inputs of the chart values. */
export interface ChartValuesOptions {
  /** The post-renderer's parameters, encoded. */
  readonly parameters: pulumi.Input<string>;
  /** The DNS provider whose Secret the pod reads; none with HTTP-01, or for a pod that needs no Secret. */
  readonly credentialOf?: DnsProvider | undefined;
  /** Further annotations of the pod's ServiceAccount. */
  readonly serviceAccountAnnotations?: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * The chart values of a provider.
 *
 * They contain no credential, since Helm stores the values of each revision in the cluster.
 */
export function chartValues(
  settings: ChartSettings,
  { parameters, credentialOf, serviceAccountAnnotations }: ChartValuesOptions,
): ChartValues {
  const { pricing = {}, network = {} } = settings;
  const values = {
    from: settings.account,
    domain: inAscii(settings.domain),
    email: settings.email,
    website: settings.website,
    node: network.node,
    chainid: network.chainId,
    withdrawalperiod: network.withdrawalPeriod,
    bidmindeposit: pricing.minimumDeposit,
    attributes: settings.attributes,
    ...pricing.targets,
    bidpricescript: pricing.script && encoded(pricing.script),
    letsEncrypt: {
      enabled: true,
      acme: { caDirUrl: settings.directoryUrl, email: settings.email },
      storage: { storageClass: settings.storageClass },
      // The chart mounts the Secret of a DNS provider only if the DNS provider is enabled, and then also renders the
      // Secret. The rendered Secret is empty, and the repair `credential-secrets` removes it.
      providers: credentialOf && { [credentialOf]: { enabled: true } },
    },
    ...ingressValues(settings.ingress ?? { mode: "gateway-api" }),
    serviceAccount: {
      annotations: { ...serviceAccountAnnotations, [parametersAnnotation]: parameters },
    },
  };
  return merge(withoutUndefined(values), withDigits(settings.values ?? {}) as ChartValues);
}

/** Values that the chart renders as YAML, with numbers as numbers (templates/statefulset.yaml, templates/serviceaccount.yaml). */
const writtenAsYaml: ReadonlySet<string> = new Set([
  "affinity",
  "annotations",
  "imagePullSecrets",
  "nodeSelector",
  "podSecurityContext",
  "resources",
  "securityContext",
  "tolerations",
]);

/** Whether the chart renders the value at a path as YAML instead of printing it. */
export function isWrittenAsYaml(path: readonly string[]): boolean {
  return path.some((name) => writtenAsYaml.has(name));
}

/** The chart prints all other values, for which numbers from a million on must be text. */
function withDigits(value: unknown, isYaml = false): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return pulumi.output(value).apply((known) => withDigits(known, isYaml));
  }
  if (Array.isArray(value)) {
    return value.map((item) => withDigits(item, isYaml));
  }
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inside]) => [
        name,
        withDigits(inside, isYaml || writtenAsYaml.has(name)),
      ]),
    );
  }
  return typeof value === "number" && !isYaml ? printedInDigits(value) : value;
}

/** Encodes a script as the chart decodes it. A plain text stays a plain value. */
function encoded(script: pulumi.Input<string>): pulumi.Input<string> {
  const encode = (text: string) => Buffer.from(text).toString("base64");
  return typeof script === "string" ? encode(script) : pulumi.output(script).apply(encode);
}

function ingressValues(ingress: GatewayApi | Ingress): ChartValues {
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

/** Omits undefined values and empty maps, so that the chart's defaults apply. */
function withoutUndefined(values: ChartValues): ChartValues {
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, isValueMap(value) ? withoutUndefined(value) : value] as const)
      .filter(([, value]) => value !== undefined && !(isValueMap(value) && isEmpty(value))),
  );
}

/** Merges values as Helm does: maps by key, all others as a whole. */
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

/** An Output or a Promise is an unknown value, not a map of its own fields. */
function isValueMap(value: unknown): value is ChartValues {
  return isMap(value) && !pulumi.Output.isInstance(value) && !(value instanceof Promise);
}

function isEmpty(map: ChartValues): boolean {
  return Object.keys(map).length === 0;
}

/** Converts a domain to ASCII. A plain name stays a plain value. */
function inAscii(domain: pulumi.Input<string>): pulumi.Input<string> {
  return typeof domain === "string" ? dnsName(domain) : pulumi.output(domain).apply(dnsName);
}
