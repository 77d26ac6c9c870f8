import type { KubernetesObject } from "./manifest.ts";
import { containerEnvironment, podTemplate, type Container, type PodTemplate } from "./objects.ts";
import type { Parameters } from "./parameters.ts";
import {
  configMapChecksum,
  credentialSecretKey,
  credentialSecretName,
  type ReleaseNames,
} from "./release.ts";
import { retriesRenewal } from "./renewalRetry.ts";
import {
  credentialChecksums,
  issuerDnsProvider,
  storageDirectory,
  type RepairContext,
} from "./repairs.ts";

type Environment = Readonly<Record<string, string>>;

/**
 * Checks a repaired manifest for defects that would prevent the certificate, or store a credential in Helm's release.
 *
 * Checks the effective environment of the provider's container, wherever the chart defines it.
 *
 * @returns one sentence for each finding; none when the manifest can be applied
 */
export function check(objects: readonly KubernetesObject[], context: RepairContext): string[] {
  const { names, parameters } = context;
  const template = podTemplate(objects, names);
  const container = template?.spec.containers[0];
  if (template === undefined || container === undefined) {
    return [`there is no StatefulSet ${names.fullname} with a container`];
  }
  const environment = containerEnvironment(objects, names);
  return [
    ...checkIssuer(environment),
    ...checkChallenge(environment, parameters.challenge),
    ...checkStorage(environment, container),
    ...checkPorts(container),
    ...checkSecrets(objects),
    ...checkWallet(template, names),
    ...checkCredential(environment, template, container, context),
    ...checkDigests(template, context),
    ...checkRenewal(objects, names),
  ];
}

function checkIssuer(environment: Environment): string[] {
  const missing = ["AP_CERT_ISSUER_EMAIL", "AP_CERT_ISSUER_CA_DIR_URL"]
    .filter((setting) => (environment[setting] ?? "") === "")
    .map((setting) => `${setting} is empty`);
  return environment.AP_CERT_ISSUER_ENABLED === "true"
    ? missing
    : ["the certificate issuer is not enabled", ...missing];
}

function checkChallenge(environment: Environment, challenge: Parameters["challenge"]): string[] {
  const port = environment.AP_CERT_ISSUER_HTTP_CHALLENGE_PORT;
  const dnsProvider = environment.AP_CERT_ISSUER_DNS_PROVIDERS;
  switch (challenge.type) {
    case "http-01":
      return [
        ...(port === undefined ? ["HTTP-01 has no port"] : []),
        ...(dnsProvider === undefined
          ? []
          : [`a DNS provider (${dnsProvider}) is set with HTTP-01`]),
      ];
    case "dns-01": {
      const expected = issuerDnsProvider[challenge.dnsProvider];
      const wrong = Object.entries(challenge.environment ?? {})
        .filter(([name, value]) => environment[name] !== value)
        .map(([name, value]) => `${name} is ${environment[name] ?? "not set"} instead of ${value}`);
      return [
        ...(port === undefined
          ? []
          : [`HTTP-01 is enabled (port ${port}) in addition to DNS-01 and would be preferred`]),
        ...(dnsProvider === expected
          ? []
          : [`the DNS provider is ${dnsProvider ?? "not set"} instead of ${expected}`]),
        ...wrong,
      ];
    }
  }
}

function checkStorage(environment: Environment, container: Container): string[] {
  const { AKASH_HOME: home, AP_CERT_ISSUER_STORAGE_DIR: directory } = environment;
  const expected = storageDirectory(home ?? "", environment.AP_CERT_ISSUER_CA_DIR_URL ?? "");
  if (directory !== expected) {
    return [
      `the storage directory is ${directory ?? "the same for all CAs"} instead of ${expected}`,
    ];
  }
  const persistent = container.volumeMounts?.some(
    ({ name, mountPath }) => name === "home" && directory.startsWith(`${mountPath}/`),
  );
  return persistent === true
    ? []
    : [`the storage directory ${directory} is not on the home volume`];
}

/** The API server refuses a port without a number, but only after Helm has started. */
function checkPorts(container: Container): string[] {
  return (container.ports ?? [])
    .filter(({ containerPort }) => typeof containerPort !== "number" || containerPort <= 0)
    .map(({ name }) => `the port ${name ?? ""} has no number`);
}

/** Helm stores the manifest of each revision, including its Secrets. */
function checkSecrets(objects: readonly KubernetesObject[]): string[] {
  return objects
    .filter(
      ({ kind, data, stringData }) => kind === "Secret" && (hasText(data) || hasText(stringData)),
    )
    .map(({ metadata }) => `the release contains the Secret ${metadata?.name ?? ""}`);
}

function hasText(data: unknown): boolean {
  return Object.values(data ?? {}).some((value) => value !== null && value !== "");
}

function checkWallet({ spec }: PodTemplate, { walletSecret }: ReleaseNames): string[] {
  return spec.volumes?.some(({ secret }) => secret?.secretName === walletSecret) === true
    ? []
    : [`the pod does not read the Secret ${walletSecret}`];
}

function checkCredential(
  environment: Environment,
  template: PodTemplate,
  container: Container,
  { names, parameters: { challenge } }: RepairContext,
): string[] {
  if (challenge.type !== "dns-01" || challenge.credentialDigest === undefined) {
    return [];
  }
  const secret = credentialSecretName(names, challenge.dnsProvider);
  const reads = {
    cloudflare: () =>
      container.env?.some(
        ({ name, valueFrom }) =>
          name === credentialSecretKey.cloudflare && valueFrom?.secretKeyRef?.name === secret,
      ),
    googleCloud: () => {
      const volume = template.spec.volumes?.find((volume) => volume.secret?.secretName === secret);
      const mount = container.volumeMounts?.find(({ name }) => name === volume?.name);
      const file = `${mount?.mountPath ?? ""}/${credentialSecretKey.googleCloud}`;
      return mount !== undefined && environment.GCE_SERVICE_ACCOUNT_FILE === file;
    },
  };
  return reads[challenge.dnsProvider]() === true
    ? []
    : [`the provider does not read the Secret ${secret}`];
}

function checkRenewal(objects: readonly KubernetesObject[], names: ReleaseNames): string[] {
  return retriesRenewal(objects, names)
    ? []
    : [
        "the liveness probe does not run the check renewal-retry, so a failed renewal would not be retried",
      ];
}

function checkDigests({ metadata }: PodTemplate, { names, parameters }: RepairContext): string[] {
  const annotations = metadata?.annotations ?? {};
  const settings = configMapChecksum(names, names.letsEncryptConfigMap);
  return [
    ...Object.entries(credentialChecksums(parameters))
      .filter(([annotation, digest]) => annotations[annotation] !== digest)
      .map(([annotation]) => annotation),
    ...(settings in annotations ? [] : [settings]),
  ].map(
    (annotation) =>
      `the pod's annotation ${annotation} is missing or wrong, so a change would not restart the pod`,
  );
}
