import { createHash } from "node:crypto";
import { isMap } from "../lib/json.ts";
import { posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { satisfies } from "semver";
import type { KubernetesObject } from "./manifest.ts";
import { containerEnvironment, editConfigMap, editPodTemplate } from "./objects.ts";
import type { Parameters } from "./parameters.ts";
import { configMapChecksum, credentialChecksum, type ReleaseNames } from "./release.ts";
import { retryRenewal } from "./renewalRetry.ts";

/** The context of a repair. */
export interface RepairContext {
  readonly names: ReleaseNames;
  readonly parameters: Parameters;
}

/**
 * One defect of the published chart and the function that repairs it.
 *
 * `apply` is pure: it returns the remaining objects, unchanged where they need no repair, and does nothing where a chart has
 * no defect.
 */
export interface Repair {
  readonly name: string;
  /** The defect in one sentence. */
  readonly defect: string;
  /** The file with the defect, below charts/akash-provider of akash-network/helm-charts. */
  readonly chartFile: string;
  /** The chart versions that need the repair, as a semver range without an upper limit while no release fixes the defect. */
  readonly chartVersions: string;
  readonly apply: (
    objects: readonly KubernetesObject[],
    context: RepairContext,
  ) => readonly KubernetesObject[];
}

/** The chart versions that the program can deploy: from the first one that the repairs support. */
export const supportedChartVersions = ">=12.1.3";

/** Whether the repairs support a chart version. */
export function isSupported(version: string): boolean {
  return satisfies(version, supportedChartVersions, { includePrerelease: true });
}

/** The repairs in the order of their application: the checksums include the changes of the others. */
export const repairs: readonly Repair[] = [
  {
    name: "dns-provider-name",
    defect:
      "The ConfigMap names the DNS provider `googleCloud` or `cloudflare`, but the provider supports only `gcloud` and `cf`, and exits.",
    chartFile: "templates/letsencrypt-configmap.yaml",
    chartVersions: supportedChartVersions,
    apply: nameDnsProvider,
  },
  {
    name: "http-port-under-dns-01",
    defect: "HTTP-01 stays enabled with DNS-01, and the issuer prefers HTTP-01 without a fallback.",
    chartFile: "templates/letsencrypt-configmap.yaml",
    chartVersions: supportedChartVersions,
    apply: dropHttpPortUnderDns01,
  },
  {
    name: "storage-directory-per-ca",
    defect:
      "Certificates are stored per domain, not per CA, so the staging certificate stays in use after the switch to production.",
    chartFile: "templates/letsencrypt-configmap.yaml",
    chartVersions: supportedChartVersions,
    apply: separateStoragePerCa,
  },
  {
    name: "credential-secrets",
    defect:
      "The wallet key and the DNS credential are chart values, so every value ever used stays readable in Helm's release history.",
    chartFile: "templates/secret.yaml, templates/letsencrypt-secrets.yaml",
    chartVersions: supportedChartVersions,
    apply: dropCredentialSecrets,
  },
  {
    name: "extra-environment",
    defect:
      "There is no value for further environment variables, so the issuer does not get the managed zone, which a grant on only the zone requires.",
    chartFile: "templates/statefulset.yaml",
    chartVersions: supportedChartVersions,
    apply: addEnvironment,
  },
  {
    name: "renewal-retry",
    defect:
      "The issuer attempts a renewal once, in the certificate's last 24 hours, and a first certificate five times. The next attempt is at the container's next start, which no check of the chart causes.",
    chartFile: "templates/statefulset.yaml, scripts/liveness_checks.sh",
    chartVersions: supportedChartVersions,
    apply: (objects, { names }) => retryRenewal(objects, names),
  },
  {
    name: "checksum-annotations",
    defect:
      "Only the scripts have a checksum on the pod, so no other change of configuration or credential restarts the provider.",
    chartFile: "templates/statefulset.yaml",
    chartVersions: supportedChartVersions,
    apply: annotateChecksums,
  },
];

/** The repairs that a chart version needs. */
export function repairsFor(version: string): readonly Repair[] {
  return repairs.filter(({ chartVersions }) =>
    satisfies(version, chartVersions, { includePrerelease: true }),
  );
}

/** The Akash provider's names of the DNS providers (akash-network/provider, tools/certissuer/config.go). */
export const issuerDnsProvider = { googleCloud: "gcloud", cloudflare: "cf" } as const;

function nameDnsProvider(
  objects: readonly KubernetesObject[],
  { names, parameters }: RepairContext,
) {
  const { challenge } = parameters;
  if (challenge.type !== "dns-01") {
    return objects;
  }
  return editConfigMap(objects, names.letsEncryptConfigMap, (data) => ({
    ...data,
    AP_CERT_ISSUER_DNS_PROVIDERS: issuerDnsProvider[challenge.dnsProvider],
  }));
}

function dropHttpPortUnderDns01(
  objects: readonly KubernetesObject[],
  { names, parameters }: RepairContext,
) {
  if (parameters.challenge.type !== "dns-01") {
    return objects;
  }
  return editConfigMap(objects, names.letsEncryptConfigMap, (data) =>
    Object.fromEntries(
      Object.entries(data).filter(([name]) => name !== "AP_CERT_ISSUER_HTTP_CHALLENGE_PORT"),
    ),
  );
}

function separateStoragePerCa(objects: readonly KubernetesObject[], { names }: RepairContext) {
  const { AKASH_HOME: home } = containerEnvironment(objects, names);
  return editConfigMap(objects, names.letsEncryptConfigMap, (data) => {
    const { AP_CERT_ISSUER_CA_DIR_URL: directoryUrl } = data;
    return home === undefined || typeof directoryUrl !== "string"
      ? data
      : { ...data, AP_CERT_ISSUER_STORAGE_DIR: storageDirectory(home, directoryUrl) };
  });
}

/**
 * The directory of one CA's account and certificates: below the provider's own directory (`.certissuer` in its home
 * volume), named after the directory URL.
 */
export function storageDirectory(home: string, directoryUrl: string): string {
  const ca = directoryUrl
    .replace(/^https?:\/\//, "")
    .replace(/[^A-Za-z0-9.-]+/g, "-")
    .replace(/-$/, "");
  return posix.join(home, ".certissuer", ca);
}

function dropCredentialSecrets(objects: readonly KubernetesObject[], { names }: RepairContext) {
  const owned = ownedSecrets(names);
  return objects.filter(
    ({ kind, metadata }) => kind !== "Secret" || !owned.has(metadata?.name ?? ""),
  );
}

/** The Secrets that the program creates instead of the chart. */
function ownedSecrets(names: ReleaseNames): ReadonlySet<string> {
  return new Set([names.walletSecret, names.googleCloudSecret, names.cloudflareSecret]);
}

function addEnvironment(
  objects: readonly KubernetesObject[],
  { names, parameters }: RepairContext,
) {
  const { challenge } = parameters;
  const extra = Object.entries(challenge.type === "dns-01" ? (challenge.environment ?? {}) : {});
  return editPodTemplate(objects, names, (template) => {
    const [container, ...sidecars] = template.spec.containers;
    const present = container?.env ?? [];
    const missing = extra.filter(
      ([name, value]) => !present.some((entry) => entry.name === name && entry.value === value),
    );
    if (container === undefined || missing.length === 0) {
      return template;
    }
    const others = present.filter(({ name }) => !missing.some(([missed]) => missed === name));
    const env = [...others, ...missing.map(([name, value]) => ({ name, value }))];
    return {
      ...template,
      spec: { ...template.spec, containers: [{ ...container, env }, ...sidecars] },
    };
  });
}

function annotateChecksums(
  objects: readonly KubernetesObject[],
  { names, parameters }: RepairContext,
) {
  const configMapChecksums = objects
    .filter(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata?.name !== names.scriptsConfigMap,
    )
    .map((configMap) => [
      configMapChecksum(names, configMap.metadata?.name ?? ""),
      digest(configMap.data),
    ]);
  return editPodTemplate(objects, names, (template) => {
    const present = template.metadata?.annotations ?? {};
    // A chart's own checksums of its ConfigMaps suffice. Only this program has the credentials' digests.
    const annotations = {
      ...(Object.fromEntries(configMapChecksums) as Record<string, string>),
      ...present,
      ...credentialChecksums(parameters),
    };
    return isDeepStrictEqual(annotations, present)
      ? template
      : { ...template, metadata: { ...template.metadata, annotations } };
  });
}

/** The digest of each credential, by its pod annotation. */
export function credentialChecksums({
  challenge,
  walletDigest,
}: Parameters): Readonly<Record<string, string>> {
  return {
    [credentialChecksum.wallet]: walletDigest,
    ...(challenge.type === "dns-01" &&
      challenge.credentialDigest !== undefined && {
        [credentialChecksum.dnsCredential]: challenge.credentialDigest,
      }),
  };
}

/** The first 16 hex digits of the SHA-256 of a value's JSON with sorted keys. */
function digest(value: unknown): string {
  return createHash("sha256").update(sortedJson(value)).digest("hex").slice(0, 16);
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) => {
    if (typeof nested === "bigint") {
      return String(nested);
    }
    return isMap(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1)))
      : nested;
  });
}
