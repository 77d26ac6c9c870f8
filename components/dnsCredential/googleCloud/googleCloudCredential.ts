import * as pulumi from "@pulumi/pulumi";
import type { CloudAccess, GoogleCloudAccess } from "../../../dns/access.ts";
import { providedProofTimeout } from "../../../dns/defaults.ts";
import type { ManagedZone } from "../../../dns/googleCloud/zones.ts";
import { refuseUnusableGoogleCloud } from "../../../dns/unusable.ts";
import { zoneContains } from "../../../dns/zone.ts";
import { dnsName, readableName } from "../../../lib/dnsName.ts";
import { stackAccess } from "../../stackAccess.ts";
import type { DnsCredential } from "../credential.ts";
import { lookup } from "../lookup.ts";
import { challengeHosts } from "../managedCredentialArgs.ts";
import { refuseOtherDelegation, shownDelegations } from "../refuseOtherDelegation.ts";
import { GcpDnsCredential, type GcpDnsCredentialArgs } from "./gcpDnsCredential.ts";
import { explainGoogleCloud } from "./lookupFailure.ts";
import { zoneUse } from "./zoneUse.ts";
import { placeholder, shell, type ShellText, type ShellValue } from "../../../lib/shell.ts";

/** Options of {@link googleCloudCredential}. */
export interface GoogleCloudCredentialOptions extends Omit<
  GcpDnsCredentialArgs,
  "managedZone" | "project"
> {
  /** Id of the project with the managed zone. A plain value, since the zone is looked up in the project. */
  readonly project: string;
  /** Name of the managed zone. Default: the public zone of the project that contains the hosts. */
  readonly zone?: string | undefined;
  /** Key file of a service account that you provide. Default: none, and a service account is created. */
  readonly serviceAccountKey?: pulumi.Input<string> | undefined;
  /** E-mail of a Google service account that the pod impersonates on GKE (Workload Identity): no key, no Secret. Default: none. */
  readonly workloadIdentity?: string | undefined;
}

/**
 * A Google credential for a provider: a created or a provided key, or none on GKE, where the pod impersonates a service
 * account.
 *
 * @param name the name of the component that creates a key
 * @param options see {@link GoogleCloudCredentialOptions}
 * @throws RunError when there is no managed zone for the hosts, or more than one of the same name, with a list of the found
 *   zones, or when DNS delegates to another zone
 */
export async function googleCloudCredential(
  name: string,
  options: GoogleCloudCredentialOptions,
): Promise<DnsCredential> {
  const { domain, project, access = stackAccess(), serviceAccountKey, workloadIdentity } = options;
  const managedZone = await findManagedZone(options, access);
  if (serviceAccountKey === undefined && workloadIdentity === undefined) {
    return new GcpDnsCredential(name, { ...options, managedZone });
  }
  const proofTimeout = options.proofTimeout ?? providedProofTimeout;
  return {
    dnsProvider: "googleCloud",
    ...zoneUse({ domain, hosts: options.hosts, project, managedZone, proofTimeout, access }),
    ...(workloadIdentity === undefined
      ? { content: pulumi.secret(serviceAccountKey ?? "") }
      : { content: undefined, serviceAccount: workloadIdentity }),
  };
}

async function findManagedZone(
  options: GoogleCloudCredentialOptions,
  access: CloudAccess,
): Promise<string> {
  const { project, zone, serviceAccountKey, workloadIdentity } = options;
  const hosts = challengeHosts(options);
  const isProvided = serviceAccountKey !== undefined || workloadIdentity !== undefined;
  // With a provided credential, Pulumi may have no access to the project. The proof checks the zone instead.
  if (zone !== undefined && isProvided) {
    return zone;
  }
  // Before the client reports it in its own way.
  refuseUnusableGoogleCloud(access.googleCloud);
  const [found, shown] = await Promise.all([
    zone === undefined ? onlyZone(project, hosts, access) : namedZone(project, zone, hosts, access),
    shownDelegations(hosts),
  ]);
  const served = { name: found.dnsName, nameServers: found.nameServers ?? [] };
  await refuseOtherDelegation(served, shown);
  return found.name;
}

/** The zone of a name. Only this zone is requested, since a project may have very many. */
async function namedZone(
  project: string,
  name: string,
  hosts: readonly string[],
  { googleCloud }: CloudAccess,
): Promise<ManagedZone> {
  const { managedZone } = await import("../../../dns/googleCloud/zones.ts");
  const found = await lookup(
    `The managed zone ${name} of project ${project}`,
    managedZone(project, name, googleCloud),
    explainGoogleCloud(project, googleCloud),
  );
  if (found !== undefined && isFitting(found, hosts)) {
    return found;
  }
  throw await noZone(project, hosts, googleCloud, name);
}

/** The project's public zone that contains the hosts. Of several, the most specific one. */
async function onlyZone(
  project: string,
  hosts: readonly string[],
  { googleCloud }: CloudAccess,
): Promise<ManagedZone> {
  const fitting = (await allZones(project, googleCloud))
    .filter((zone) => isFitting(zone, hosts))
    .sort((a, b) => dnsName(b.dnsName).length - dnsName(a.dnsName).length);
  const [nearest] = fitting;
  if (nearest === undefined) {
    throw await noZone(project, hosts, googleCloud);
  }
  const candidates = fitting.filter((zone) => dnsName(zone.dnsName) === dnsName(nearest.dnsName));
  if (candidates.length > 1) {
    const list = candidates.map(
      ({ name, nameServers = [] }) =>
        `  ${name}, served by ${nameServers.map(dnsName).join(", ")}\n      ${setZone(name)}`,
    );
    const zone = readableName(nearest.dnsName);
    throw new pulumi.RunError(
      `Project ${project} has ${candidates.length} public managed zones for ${zone}, and DNS delegates to only one of them. ` +
        `Choose the zone whose name servers are in DNS (${shell`dig ${dnsName(zone)} NS +trace`}):\n${list.join("\n")}\nNothing was changed.`,
    );
  }
  return nearest;
}

function isFitting(
  { dnsName, visibility = "public" }: ManagedZone,
  hosts: readonly string[],
): boolean {
  return visibility === "public" && hosts.every((host) => zoneContains(dnsName, host));
}

async function allZones(
  project: string,
  access: GoogleCloudAccess,
): Promise<readonly ManagedZone[]> {
  const { managedZones } = await import("../../../dns/googleCloud/zones.ts");
  return lookup(
    `The managed zones of project ${project}`,
    managedZones(project, access),
    explainGoogleCloud(project, access),
  );
}

async function noZone(
  project: string,
  hosts: readonly string[],
  access: GoogleCloudAccess,
  name?: string,
): Promise<pulumi.RunError> {
  const zones = await allZones(project, access);
  const list = zones.map(
    ({ name, dnsName, visibility = "public" }) =>
      `  ${name} (${readableName(dnsName)}., ${visibility})`,
  );
  // A zone is only a candidate if it contains the hosts.
  const candidate = zones.find((zone) => isFitting(zone, hosts))?.name ?? placeholder("zone");
  return new pulumi.RunError(
    `Project ${project} has no public managed zone ${name === undefined ? "" : `${name} `}for ${hosts.map(readableName).join(" and ")}. ` +
      (list.length === 0 ? "The project has no zones." : `Its zones are\n${list.join("\n")}`) +
      `\n      ${setZone(candidate)}\nNothing was changed.`,
  );
}

function setZone(name: ShellValue): ShellText {
  return shell`pulumi config set -s ${pulumi.getStack()} --path dns.zone ${name}`;
}
