import type { KubernetesObject } from "./manifest.ts";
import { configMapData, containerEnvironment, podTemplate, type Container } from "./objects.ts";
import type { Parameters } from "./parameters.ts";
import { credentialSecretName, type ReleaseNames } from "./release.ts";
import { issuerDnsProvider, ownedSecrets, type RepairContext } from "./repairs.ts";

/**
 * What would keep a repaired manifest from getting its certificate, or would put a credential into Helm's release.
 *
 * @returns one sentence for each finding; none when the manifest may be applied
 */
export function check(objects: readonly KubernetesObject[], context: RepairContext): string[] {
  const { names, parameters } = context;
  const container = podTemplate(objects, names)?.spec.containers[0];
  const settings = configMapData(objects, names.letsEncryptConfigMap);
  if (container === undefined) {
    return [`there is no StatefulSet ${names.fullname} with a container`];
  }
  if (settings === undefined) {
    return [`there is no ConfigMap ${names.letsEncryptConfigMap}`];
  }
  return [
    ...checkIssuer(settings, names),
    ...checkChallenge(settings, parameters.challenge),
    ...checkStorage(objects, container, names),
    ...checkCredential(objects, container, context),
    ...checkChecksums(objects, context),
  ];
}

function checkIssuer(settings: Readonly<Record<string, string>>, names: ReleaseNames): string[] {
  const missing = (["EMAIL", "CA_DIR_URL"] as const)
    .map((setting) => `AP_CERT_ISSUER_${setting}`)
    .filter((setting) => (settings[setting] ?? "") === "")
    .map((setting) => `${setting} is empty in the ConfigMap ${names.letsEncryptConfigMap}`);
  return settings.AP_CERT_ISSUER_ENABLED === "true"
    ? missing
    : ["the certificate issuer is not enabled", ...missing];
}

function checkChallenge(
  settings: Readonly<Record<string, string>>,
  challenge: Parameters["challenge"],
): string[] {
  const port = settings.AP_CERT_ISSUER_HTTP_CHALLENGE_PORT;
  const dnsProvider = settings.AP_CERT_ISSUER_DNS_PROVIDERS;
  switch (challenge.type) {
    case "http-01":
      return [
        ...(port === undefined ? ["HTTP-01 has no port"] : []),
        ...(dnsProvider === undefined
          ? []
          : [`a DNS provider (${dnsProvider}) is set under HTTP-01`]),
      ];
    case "dns-01": {
      const expected = issuerDnsProvider[challenge.dnsProvider];
      return [
        ...(port === undefined
          ? []
          : [`HTTP-01 is on (port ${port}) beside DNS-01 and would be taken first`]),
        ...(dnsProvider === expected
          ? []
          : [`the DNS provider is ${dnsProvider ?? "not set"} instead of ${expected}`]),
      ];
    }
  }
}

function checkStorage(
  objects: readonly KubernetesObject[],
  container: Container,
  names: ReleaseNames,
): string[] {
  const directory = containerEnvironment(objects, names).AP_CERT_ISSUER_STORAGE_DIR;
  if (directory === undefined) {
    return ["certificates of different CAs would share one directory"];
  }
  const persistent = container.volumeMounts?.some(
    ({ name, mountPath }) => name === "home" && directory.startsWith(`${mountPath}/`),
  );
  return persistent ? [] : [`the storage directory ${directory} is not on the home volume`];
}

function checkCredential(
  objects: readonly KubernetesObject[],
  container: Container,
  { names, parameters }: RepairContext,
): string[] {
  const owned = ownedSecrets(names);
  const rendered = objects
    .filter(({ kind, metadata }) => kind === "Secret" && owned.has(metadata?.name ?? ""))
    .map(({ metadata }) => `the release contains the Secret ${metadata?.name ?? ""}`);
  const { challenge } = parameters;
  if (challenge.type !== "dns-01" || challenge.credentialDigest === undefined) {
    return rendered;
  }
  const secret = credentialSecretName(names, challenge.dnsProvider);
  return readsSecret(objects, container, secret, names)
    ? rendered
    : [...rendered, `the provider does not read the Secret ${secret}`];
}

function readsSecret(
  objects: readonly KubernetesObject[],
  container: Container,
  secret: string,
  names: ReleaseNames,
): boolean {
  const fromEnvironment = container.env?.some(
    ({ valueFrom }) => valueFrom?.secretKeyRef?.name === secret,
  );
  const mounted = podTemplate(objects, names)?.spec.volumes?.some(
    (volume) =>
      volume.secret?.secretName === secret &&
      container.volumeMounts?.some(({ name }) => name === volume.name),
  );
  return fromEnvironment === true || mounted === true;
}

function checkChecksums(objects: readonly KubernetesObject[], { names }: RepairContext): string[] {
  const annotations = podTemplate(objects, names)?.metadata?.annotations ?? {};
  return ["checksum/cm-letsencrypt", "checksum/wallet"]
    .filter((annotation) => !(annotation in annotations))
    .map(
      (annotation) => `the pod has no annotation ${annotation}, so a change would not restart it`,
    );
}
