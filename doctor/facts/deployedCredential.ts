import { ingressDomain } from "../../chart/gateway.ts";
import { credentialSecretKey, type DnsProvider } from "../../chart/release.ts";
import type { SeenAccess } from "../cloudAccess.ts";
import type { Expectation } from "../expectation.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import type { CloudCredential } from "./credential.ts";
import { credentialDefect } from "./credentialForm.ts";
import type { WildcardFacts } from "./wildcard.ts";
import { once } from "./once.ts";

/** The Secrets that may contain a credential. */
export interface CredentialSecrets {
  readonly secret: ClusterFacts["secret"];
  /** The entries of the Secret for the wildcard certificate. */
  readonly wildcard: WildcardFacts["credential"];
}

/**
 * The credential in the cluster's Secret; under HTTP-01 that of the wildcard certificate. Undefined if neither the pod nor
 * cert-manager reads a credential, or there is no well-formed one.
 */
export function deployedCredential(
  expected: Expectation,
  secrets: CredentialSecrets,
  access: SeenAccess,
): () => Promise<CloudCredential | undefined> {
  return once(async () => {
    const use = useOf(expected);
    if (use === undefined) {
      return undefined;
    }
    const { domain, created } = expected;
    const { dnsProvider, host, project, zone } = use;
    const content = await use.content(secrets);
    if (content === undefined || credentialDefect[dnsProvider](content) !== undefined) {
      return undefined;
    }
    // The clients load slowly, so only the one in use is loaded.
    switch (dnsProvider) {
      case "googleCloud": {
        const { googleCloudCredential } = await import("./googleCloud.ts");
        return googleCloudCredential(content, { host, domain, created, project, zone }, access);
      }
      case "cloudflare": {
        const { cloudflareCredential } = await import("./cloudflare.ts");
        return cloudflareCredential(content, { host, domain, created }, access);
      }
    }
  });
}

/** The use of a credential, and its location. */
interface CredentialUse {
  readonly dnsProvider: DnsProvider;
  readonly host: string;
  readonly project: string;
  readonly zone: string;
  readonly content: (secrets: CredentialSecrets) => Promise<string | undefined>;
}

function useOf({ challenge, host, domain, wildcard }: Expectation): CredentialUse | undefined {
  if (challenge.type === "dns-01") {
    const { dnsProvider, environment = {} } = challenge;
    const { GCE_PROJECT: project = "", GCE_ZONE_ID: zone = "" } = environment;
    const content = async ({ secret }: CredentialSecrets) =>
      (await secret())?.entries[credentialSecretKey[dnsProvider]];
    return { dnsProvider, host, project, zone, content };
  }
  if (wildcard === undefined) {
    return undefined;
  }
  const { dnsProvider, key, managedZone } = wildcard.credential;
  return {
    dnsProvider,
    host: ingressDomain(domain),
    project: managedZone?.project ?? "",
    zone: managedZone?.zone ?? "",
    content: async (secrets) => (await secrets.wildcard())?.[key],
  };
}
