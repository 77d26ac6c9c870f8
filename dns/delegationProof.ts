import { log } from "@pulumi/pulumi";
import { dnsName, readableName } from "../lib/dnsName.ts";
import { dnsServersVariable } from "../lib/dnsServers.ts";
import { challengeRecord, compareDelegation, type ServedZone } from "./delegation.ts";
import { ProofError } from "./proof.ts";
import { zoneContains } from "./zone.ts";
import { shell } from "../lib/shell.ts";

/**
 * {@link ProofTarget.compare} for a run of Pulumi. Throws an error where the zone cannot hold a host, or public DNS resolves
 * it elsewhere. Prints a warning where only this machine's DNS does, or DNS cannot be queried. Queries DNS once for all
 * attempts of the proof.
 *
 * @param hosts the hosts of the certificates
 */
export function delegationProof(...hosts: readonly string[]): (zone: ServedZone) => Promise<void> {
  let asked: Promise<void> | undefined;
  return (zone) => (asked ??= compareAll(hosts, zone));
}

async function compareAll(hosts: readonly string[], zone: ServedZone): Promise<void> {
  const warnings = new Set<string>();
  for (const host of hosts) {
    if (!zoneContains(zone.name, host)) {
      throw new ProofError(`The zone ${readableName(zone.name)} cannot hold ${host}`);
    }
    const warning = await compare(host, zone);
    if (warning !== undefined) {
      warnings.add(warning);
    }
  }
  for (const warning of warnings) {
    await log.warn(warning);
  }
}

/** @returns the warning, if any */
async function compare(host: string, zone: ServedZone): Promise<string | undefined> {
  const comparison = await compareDelegation(challengeRecord(host), zone);
  if (comparison.result === "differs" && comparison.isPublic) {
    throw new ProofError(delegatedElsewhere(comparison.difference, zone));
  }
  if (comparison.result === "agrees") {
    return undefined;
  }
  const what =
    comparison.result === "unknown"
      ? `DNS cannot be queried from here, so it is unknown whether ${readableName(zone.name)} is delegated to this zone`
      : `${comparison.difference}, according to this machine's DNS, which may differ from public DNS`;
  return `${what}. Check with ${shell`dig ${dnsName(zone.name)} NS +trace`}, or set the DNS servers to query: ${dnsServersVariable}=1.1.1.1`;
}

/**
 * The message for a zone that DNS does not delegate to, with its remedy.
 *
 * @param difference see {@link compareDelegation}
 */
export function delegatedElsewhere(difference: string, zone: ServedZone): string {
  const servers = zone.nameServers.map(dnsName).join(", ");
  return (
    `${difference}. The CA would not find the challenge's record. ` +
    `Delegate ${readableName(zone.name)} to ${servers === "" ? "the zone's servers" : servers}, at the registrar or in the parent zone, or set dns.zone to the zone that DNS uses. ` +
    `Check with: ${shell`dig ${dnsName(zone.name)} NS +trace`}`
  );
}
