import { printedInDigits } from "../lib/numbers.ts";
import { isLoopback } from "../lib/proxy.ts";

/** The chart's name in its repository (Chart.yaml). */
export const chartName = "provider";

/** The repository that publishes the chart. */
export const chartRepository = "https://akash-network.github.io/helm-charts";

/** Whether a chart cannot be replaced in transit: its source uses TLS or is on this machine. */
export function isSafeChartSource(source: string): boolean {
  const url = URL.parse(source);
  return url?.protocol !== "http:" || isLoopback(url.hostname);
}

/** The default chart version, which is the newest version that the repairs were tested with. */
export const chartVersion = "19.0.2";

/** The namespace of a release, as in Akash's guides. */
export const defaultNamespace = "akash-services";

/** The name of a release, as in Akash's guides. */
export const defaultReleaseName = "akash-provider";

/** How long Helm waits for the pod to become ready, in seconds: the first start imports the key and signs transactions. */
export const defaultTimeout = 600;

/** How many revisions Helm keeps: enough to roll back, without storing every setting ever used. */
export const defaultMaxHistory = 5;

/** The label with which Akash's operators and network policies select the namespace. */
export const akashNetworkLabel = { name: "akash.network", value: "true" } as const;

/**
 * The namespace's label that admits the chart's pod: it has a hostPath volume (templates/statefulset.yaml,
 * `provider-config-volume`), which the other levels forbid (https://kubernetes.io/docs/concepts/security/pod-security-standards).
 */
export const podSecurityLabel = {
  name: "pod-security.kubernetes.io/enforce",
  value: "privileged",
} as const;

/** The host of a provider and the name in its certificate, which the chart derives from the domain. */
export function providerHost(domain: string): string {
  return `provider.${domain}`;
}

/** A DNS provider that the Akash provider supports, by its name in the chart's values (letsEncrypt.providers). */
export type DnsProvider = "googleCloud" | "cloudflare";

/** How much longer than its timeout a Helm operation can take, in seconds, to record its result. */
const operationMargin = 30;

/**
 * How many seconds a Helm operation can still take.
 *
 * @param begun when the operation marked the release as pending, in seconds since 1970
 * @param timeout how long the operation waits for the pod, in seconds
 * @param now the current time, in seconds since 1970
 */
export function operationSecondsLeft(begun: number, timeout: number, now: number): number {
  return Math.ceil(begun + timeout + operationMargin - now);
}

/** Names of the chart's objects, all derived from one name (templates/_helpers.tpl). */
export interface ReleaseNames {
  /** StatefulSet, Service and ServiceAccount. */
  readonly fullname: string;
  /** ConfigMap with the settings of the certificate issuer. */
  readonly letsEncryptConfigMap: string;
  /** ConfigMap with the provider's scripts. */
  readonly scriptsConfigMap: string;
  /** Secret with the wallet key and its password; see {@link walletSecretKey}. */
  readonly walletSecret: string;
  /** Secret with the Google credential (`service-account.json`). */
  readonly googleCloudSecret: string;
  /** Secret with the Cloudflare credential (`CF_DNS_API_TOKEN`). */
  readonly cloudflareSecret: string;
  /** The one pod of the StatefulSet. */
  readonly pod: string;
  /** The claim of the home volume, which the StatefulSet creates from its template `home`. */
  readonly claim: string;
}

/**
 * The names of a release's objects.
 *
 * @param releaseName the Helm release's name
 * @param overrides the chart values of the same names, if set
 */
export function releaseNames(
  releaseName: string,
  overrides: { readonly fullnameOverride?: unknown; readonly nameOverride?: unknown } = {},
): ReleaseNames {
  const fullname = chartFullname(releaseName, overrides);
  return {
    fullname,
    letsEncryptConfigMap: `${fullname}-letsencrypt`,
    scriptsConfigMap: `${fullname}-script`,
    walletSecret: `${fullname}-keys`,
    googleCloudSecret: `${fullname}-gcp-dns`,
    cloudflareSecret: `${fullname}-cloudflare-dns`,
    pod: `${fullname}-0`,
    claim: `home-${fullname}-0`,
  };
}

/** The entries of the credentials' Secrets that the chart's StatefulSet reads (templates/statefulset.yaml). */
export const credentialSecretKey = {
  googleCloud: "service-account.json",
  cloudflare: "CF_DNS_API_TOKEN",
} as const;

/** The entries of the wallet's Secret that the chart's StatefulSet reads: key and password. */
export const walletSecretKey = { key: "key.txt", password: "key-pass.txt" } as const;

/** The Secret with a DNS provider's credential. */
export function credentialSecretName(names: ReleaseNames, dnsProvider: DnsProvider): string {
  return { googleCloud: names.googleCloudSecret, cloudflare: names.cloudflareSecret }[dnsProvider];
}

/** Prefix of all checksum annotations of the pod, as in the chart. */
export const checksumPrefix = "checksum/";

/** The annotations of the pod with the digest of each credential with which the pod was started. */
export const credentialChecksum = {
  wallet: `${checksumPrefix}wallet`,
  dnsCredential: `${checksumPrefix}dns-credential`,
} as const;

/** The annotation of the pod with the digest of a ConfigMap of the release. */
export function configMapChecksum({ fullname }: ReleaseNames, configMap: string): string {
  return `${checksumPrefix}${configMap.replace(`${fullname}-`, "cm-")}`;
}

function chartFullname(
  releaseName: string,
  overrides: { readonly fullnameOverride?: unknown; readonly nameOverride?: unknown },
): string {
  const [fullnameOverride, nameOverride] = [overrides.fullnameOverride, overrides.nameOverride].map(
    (override) => (typeof override === "number" ? printedInDigits(override) : override),
  );
  if (typeof fullnameOverride === "string" && fullnameOverride !== "") {
    return nameWithinLimit(fullnameOverride);
  }
  const name = typeof nameOverride === "string" && nameOverride !== "" ? nameOverride : chartName;
  return nameWithinLimit(releaseName.includes(name) ? releaseName : `${releaseName}-${name}`);
}

/** Helm charts truncate names to 63 characters, the limit of a DNS label, and remove a trailing hyphen. */
function nameWithinLimit(name: string): string {
  return name.slice(0, 63).replace(/-$/, "");
}
