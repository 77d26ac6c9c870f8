import * as pulumi from "@pulumi/pulumi";
import { dnsName } from "../lib/dnsName.ts";
import { isMap } from "../lib/json.ts";
import { printedInDigits } from "../lib/numbers.ts";
import { parametersAnnotation } from "./parameters.ts";
import type { DnsProvider } from "./release.ts";

/** Values of the chart `provider`, as its values.yaml names them. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** One attribute of the provider (scripts/create_provider.sh). */
export interface ProviderAttribute {
  readonly key: pulumi.Input<string>;
  readonly value: pulumi.Input<string>;
}

/** How port 80 reaches the provider through the Gateway API (templates/gateway.yaml). */
export interface GatewayApi {
  readonly mode: "gateway-api";
  /** Default: the chart's, `akash-gateway`. */
  readonly gatewayName?: pulumi.Input<string> | undefined;
  /** Default: the chart's, `akash-gateway`. */
  readonly gatewayNamespace?: pulumi.Input<string> | undefined;
}

/** How port 80 reaches the provider through an Ingress (templates/ingress.yaml). */
export interface Ingress {
  readonly mode: "ingress";
  /** Default: the chart's, `akash-ingress-class`. */
  readonly className?: pulumi.Input<string> | undefined;
}

/** What the provider bids. */
export interface Pricing {
  /** Text of the bid price script. Default: none, the scale strategy. */
  readonly script?: pulumi.Input<string> | undefined;
  /** Price targets, by the name of their chart value (`price_target_…`). They count only together with a script. */
  readonly targets?: Readonly<Record<string, pulumi.Input<string>>> | undefined;
  /** Smallest deposit of a bid, amount and denomination. Default: the chart's. */
  readonly minimumDeposit?: pulumi.Input<string> | undefined;
}

/** The network that the provider is on. */
export interface Network {
  /** RPC node, an http(s) URL. Default: the chart's. */
  readonly node?: pulumi.Input<string> | undefined;
  /** Chain id. Default: the chart's, the main network. */
  readonly chainId?: pulumi.Input<string> | undefined;
  /** How often earnings are withdrawn, a Go duration. Default: the chart's. */
  readonly withdrawalPeriod?: pulumi.Input<string> | undefined;
}

/** What the chart values are made from. */
export interface ChartSettings {
  /** Address of the provider's account (`akash1…`). */
  readonly account: pulumi.Input<string>;
  /** Domain of the provider, without `provider.`. The chart gets it in ASCII. */
  readonly domain: pulumi.Input<string>;
  /** E-mail address for the account at the CA and the provider's entry on the chain. */
  readonly email: pulumi.Input<string>;
  /** Website in the provider's entry on the chain. Default: none. */
  readonly website?: pulumi.Input<string> | undefined;
  /** The ACME directory URL. */
  readonly directoryUrl: pulumi.Input<string>;
  /** Attributes of the provider. Default: none. */
  readonly attributes?: pulumi.Input<readonly pulumi.Input<ProviderAttribute>[]> | undefined;
  /**
   * Storage class of the home volume. Default: the class of the persistent storage in `attributes`, which the chart
   * prefers anyway, else its own local one.
   */
  readonly storageClass?: pulumi.Input<string> | undefined;
  /** How port 80 reaches the provider; `mode` is plain, since it decides which values there are. Default: the Gateway API. */
  readonly ingress?: GatewayApi | Ingress | undefined;
  /** What the provider bids. Default: the chart's. */
  readonly pricing?: Pricing | undefined;
  /** The network that the provider is on. Default: the chart's. */
  readonly network?: Network | undefined;
  /**
   * Further chart values, merged last, for what has no argument of its own. Default: none.
   *
   * A number that the chart would print with an exponent, such as `1e+07`, goes to it as text: Pulumi and Helm know
   * fractions alone. What the chart writes with `toYaml`, such as `resources` and annotations, stays a number.
   */
  readonly values?: ChartValues | undefined;
}

/** What the values depend on beside the settings. */
export interface ChartValuesOptions {
  /** The post-renderer's parameters, encoded. */
  readonly parameters: pulumi.Input<string>;
  /** The DNS provider whose Secret the pod reads; none under HTTP-01, or where the pod needs no Secret. */
  readonly credentialOf?: DnsProvider | undefined;
  /** Further annotations of the pod's ServiceAccount. */
  readonly serviceAccountAnnotations?: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * The chart values of a provider.
 *
 * No credential is among them: Helm keeps the values of each revision in the cluster.
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
      // The chart mounts a provider's Secret only when it is enabled, and renders the Secret itself then. Its content
      // is left empty, and the repair `credential-secrets` drops it.
      providers: credentialOf && { [credentialOf]: { enabled: true } },
    },
    ...ingressValues(settings.ingress ?? { mode: "gateway-api" }),
    serviceAccount: {
      annotations: { ...serviceAccountAnnotations, [parametersAnnotation]: parameters },
    },
  };
  return merge(withoutUndefined(values), withDigits(settings.values ?? {}) as ChartValues);
}

/** Values that the chart writes as YAML, numbers as numbers (templates/statefulset.yaml, templates/serviceaccount.yaml). */
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

/** Whether the chart writes the value at a path as YAML, and does not print it. */
export function isWrittenAsYaml(path: readonly string[]): boolean {
  return path.some((name) => writtenAsYaml.has(name));
}

/** Everywhere else it prints them, for which a number from a million on has to be text. */
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

/** As the chart decodes it. A plain text stays plain. */
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

/** An Output or a Promise is a value that is not known yet, and no map of its own fields. */
function isValueMap(value: unknown): value is ChartValues {
  return isMap(value) && !pulumi.Output.isInstance(value) && !(value instanceof Promise);
}

function isEmpty(map: ChartValues): boolean {
  return Object.keys(map).length === 0;
}

/** A plain name stays plain. */
function inAscii(domain: pulumi.Input<string>): pulumi.Input<string> {
  return typeof domain === "string" ? dnsName(domain) : pulumi.output(domain).apply(dnsName);
}
