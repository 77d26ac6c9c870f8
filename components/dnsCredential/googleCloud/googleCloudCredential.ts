import { getManagedZones } from "@pulumi/gcp/dns/getManagedZones.js";
import * as pulumi from "@pulumi/pulumi";
import { providerHost } from "../../../chart/release.ts";
import { defaultProofTimeout } from "../../../dns/defaults.ts";
import { refuseUnusableGoogleCloud } from "../../../dns/unusable.ts";
import { zoneContains } from "../../../dns/zone.ts";
import { stackAccess } from "../../stackAccess.ts";
import type { DnsCredential } from "../credential.ts";
import { lookup } from "../lookup.ts";
import { refusalExplained } from "./obstacles.ts";
import { GcpDnsCredential, type GcpDnsCredentialArgs } from "./gcpDnsCredential.ts";
import { explainGoogleCloud } from "./lookupFailure.ts";
import { zoneUse } from "./zoneUse.ts";

/** Options of {@link googleCloudCredential}. */
export interface GoogleCloudCredentialOptions extends Omit<
  GcpDnsCredentialArgs,
  "managedZone" | "project"
> {
  /** Id of the project that has the managed zone. Plain, since the zone is looked up in it. */
  readonly project: string;
  /** Name of the managed zone. Default: the public zone of the project that contains the host. */
  readonly zone?: string | undefined;
  /** Key file of a service account of one's own, instead of one that is made. Default: none. */
  readonly serviceAccountKey?: pulumi.Input<string> | undefined;
  /** E-mail of a Google service account that the pod acts as on GKE (Workload Identity): no key, no Secret. Default: none. */
  readonly workloadIdentity?: string | undefined;
}

/**
 * A Google credential for a provider: a key that is made, one that is brought, or none on GKE, where the pod acts as a
 * service account itself.
 *
 * @param name the name of the component, where a key is made
 * @param options see {@link GoogleCloudCredentialOptions}
 * @throws RunError when there is no managed zone for the host, with those that were found
 */
export async function googleCloudCredential(
  name: string,
  options: GoogleCloudCredentialOptions,
): Promise<DnsCredential> {
  const { domain, project, access = stackAccess(), serviceAccountKey, workloadIdentity } = options;
  const managedZone = await findManagedZone(options);
  if (serviceAccountKey === undefined && workloadIdentity === undefined) {
    return new GcpDnsCredential(name, { ...options, managedZone });
  }
  const proofTimeout = options.proofTimeout ?? defaultProofTimeout;
  return {
    dnsProvider: "googleCloud",
    ...zoneUse({ domain, project, managedZone, proofTimeout, access }),
    ...(workloadIdentity === undefined
      ? { content: pulumi.secret(serviceAccountKey ?? "") }
      : { content: undefined, serviceAccount: workloadIdentity }),
  };
}

async function findManagedZone({
  domain,
  project,
  zone,
  serviceAccountKey,
  workloadIdentity,
  access = stackAccess(),
}: GoogleCloudCredentialOptions): Promise<string> {
  const host = providerHost(domain);
  const isBrought = serviceAccountKey !== undefined || workloadIdentity !== undefined;
  // Who brings a credential may have no other access to the project; the proof looks at the zone then.
  if (zone !== undefined && isBrought) {
    return zone;
  }
  // Before the plugin's own words for it.
  refuseUnusableGoogleCloud(access.googleCloud);
  const { managedZones } = await lookup(
    `The managed zones of project ${project}`,
    getManagedZones({ project }),
    (words) => explainGoogleCloud(project)(words) ?? refusalExplained(words, project),
  );
  const fitting = managedZones
    .filter(
      ({ name, dnsName }) => (zone === undefined || name === zone) && zoneContains(dnsName, host),
    )
    .filter(({ visibility }) => visibility === "public")
    .sort((a, b) => b.dnsName.length - a.dnsName.length);
  const found = fitting[0]?.name;
  if (found !== undefined) {
    return found;
  }
  const list = managedZones.map(
    ({ name, dnsName, visibility }) => `  ${name ?? ""} (${dnsName}, ${visibility})`,
  );
  // A name is only a candidate where it is one of a zone that holds the host.
  const candidate =
    managedZones.find(
      ({ dnsName, visibility }) => visibility === "public" && zoneContains(dnsName, host),
    )?.name ?? "'ZONE'";
  throw new pulumi.RunError(
    `Project ${project} has no public managed zone ${zone === undefined ? "" : `${zone} `}for ${host}. ` +
      (list.length === 0 ? "It has none at all." : `It has\n${list.join("\n")}`) +
      `\n      pulumi config set -s ${pulumi.getStack()} --path dns.zone ${candidate}`,
  );
}
