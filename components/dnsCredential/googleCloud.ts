import { getManagedZones } from "@pulumi/gcp/dns/getManagedZones.js";
import * as pulumi from "@pulumi/pulumi";
import { GcpDnsCredential } from "../gcpDnsCredential.ts";
import type { DnsConfig } from "../../config/settings.ts";
import type { GoogleCloudAccess } from "../../dns/access.ts";
import type { DnsCredential, RotationGuard } from "../../dns/credential.ts";
import { zoneContains } from "../../dns/zone.ts";
import { lookup } from "./lookup.ts";
import { lastSegment } from "../../lib/names.ts";
import type { ProofTarget } from "../../dns/proof.ts";
import { resolved } from "../resolved.ts";
import type { CredentialInventory } from "../../dns/orphans.ts";

type GoogleCloudDns = Extract<DnsConfig, { provider: "googleCloud" }>;

/**
 * The Google credential of a configuration: a key that is made, one that the stack brings, or none on GKE, where the
 * pod acts as a service account itself.
 *
 * @throws RunError when there is no managed zone for the host, with those that were found
 */
export async function googleCloudCredential(
  name: string,
  dns: GoogleCloudDns,
  target: ProofTarget,
  plugin: GoogleCloudAccess,
  guard: RotationGuard,
): Promise<DnsCredential> {
  const { project } = dns;
  const zone = await managedZone(dns, target.host);
  return {
    dnsProvider: "googleCloud",
    ...source(name, dns, zone, plugin, guard),
    // With the zone's name lego asks for that zone alone, so that a grant on it suffices; without, it lists the
    // project's (go-acme/lego, providers/dns/gcloud/googlecloud.go).
    environment: { GCE_PROJECT: project, GCE_ZONE_ID: zone },
    // The vendor's client takes its time to load, and a preview does without it.
    prove: async (content) => {
      const { proveGoogleCloudKey } = await import("../../dns/googleCloud/proof.ts");
      const endpoint = plugin.dnsEndpoint;
      await proveGoogleCloudKey(content, { ...target, project, zone, endpoint });
    },
  };
}

function source(
  name: string,
  dns: GoogleCloudDns,
  managedZone: string,
  plugin: GoogleCloudAccess,
  guard: RotationGuard,
): Pick<DnsCredential, "content" | "made" | "serviceAccount"> {
  if (dns.workloadIdentity !== undefined) {
    return { content: undefined, serviceAccount: dns.workloadIdentity };
  }
  if (dns.serviceAccountKey !== undefined) {
    return { content: pulumi.secret(dns.serviceAccountKey) };
  }
  const { project, grant, rotation } = dns;
  const inventory = async (): Promise<CredentialInventory> => {
    const { serviceAccountKeys } = await import("../../dns/googleCloud/keys.ts");
    return serviceAccountKeys(await resolved(made.email), plugin);
  };
  const made: GcpDnsCredential = new GcpDnsCredential(name, {
    project,
    managedZone,
    grant,
    rotation,
    hooks: guard.binding(inventory),
  });
  return {
    content: made.keyFile,
    made: {
      id: guard.withoutStrays(made.keyName.apply(lastSegment), inventory),
      suffix: made.suffix,
      createdAt: made.createdAt,
      expiresAt: made.expiresAt,
      inventory,
      urnPattern: `**::${name}-key`,
    },
  };
}

async function managedZone(
  { project, zone, ...dns }: GoogleCloudDns,
  host: string,
): Promise<string> {
  const bringsCredential =
    dns.serviceAccountKey !== undefined || dns.workloadIdentity !== undefined;
  // Who brings a credential may have no other access to the project; the proof looks at the zone then.
  if (zone !== undefined && bringsCredential) {
    return zone;
  }
  const { managedZones } = await lookup(
    `The managed zones of project ${project}`,
    getManagedZones({ project }),
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
  throw new pulumi.RunError(
    `Project ${project} has no public managed zone ${zone === undefined ? "" : `${zone} `}for ${host}. ` +
      (list.length === 0 ? "It has none at all." : `It has\n${list.join("\n")}`) +
      "\n      pulumi config set --path dns.zone <name>",
  );
}
