import { credentialSecretKey } from "../../chart/release.ts";
import type { SeenAccess } from "../cloudAccess.ts";
import type { Expectation } from "../expectation.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import type { CloudCredential } from "./credential.ts";
import { credentialDefect } from "./credentialForm.ts";
import { once } from "./once.ts";

/** The credential in the cluster's Secret; undefined where the pod reads none, or there is no well-formed one. */
export function deployedCredential(
  { challenge, host, domain, made }: Expectation,
  { secret }: Pick<ClusterFacts, "secret">,
  access: SeenAccess,
): () => Promise<CloudCredential | undefined> {
  return once(async () => {
    if (challenge.type !== "dns-01") {
      return undefined;
    }
    const { dnsProvider, environment = {} } = challenge;
    const content = (await secret())?.entries[credentialSecretKey[dnsProvider]];
    if (content === undefined || credentialDefect[dnsProvider](content) !== undefined) {
      return undefined;
    }
    // Each cloud's client takes long to load, so only the one in use is.
    switch (dnsProvider) {
      case "googleCloud": {
        const { googleCloudCredential } = await import("./googleCloud.ts");
        const { GCE_PROJECT: project = "", GCE_ZONE_ID: zone = "" } = environment;
        return googleCloudCredential(content, { host, domain, made, project, zone }, access);
      }
      case "cloudflare": {
        const { cloudflareCredential } = await import("./cloudflare.ts");
        return cloudflareCredential(content, { host, domain, made }, access);
      }
    }
  });
}
