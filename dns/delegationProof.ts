import { log } from "@pulumi/pulumi";
import { dnsName, readableName } from "../lib/dnsName.ts";
import { dnsServersVariable } from "../lib/dnsServers.ts";
import { challengeRecord, compareDelegation, type ServedZone } from "./delegation.ts";
import { ProofError } from "./proof.ts";
import { zoneContains } from "./zone.ts";
import { shell } from "../lib/shell.ts";

/**
 * What {@link ProofTarget.compare} is in a run of Pulumi: an error where the zone cannot hold a host or DNS looks elsewhere
 * for sure, and a warning where that only seems so, or DNS cannot be asked. It asks DNS once, however often the proof is
 * tried.
 *
 * @param hosts the hosts that certificates are for
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

/** @returns what is to be warned of, if anything */
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
      ? `DNS does not tell from here whether the zone ${readableName(zone.name)} is the one that the internet asks`
      : `${comparison.difference}, as this machine's own DNS has it, which may differ from the internet's`;
  return `${what}. See with ${shell`dig ${dnsName(zone.name)} NS +trace`}, or name DNS servers to ask: ${dnsServersVariable}=1.1.1.1`;
}

/**
 * What to do where DNS looks elsewhere.
 *
 * @param difference see {@link compareDelegation}
 */
export function delegatedElsewhere(difference: string, zone: ServedZone): string {
  const servers = zone.nameServers.map(dnsName).join(", ");
  return (
    `${difference}. The CA would not find the challenge's record. ` +
    `Delegate ${readableName(zone.name)} to ${servers === "" ? "the zone's servers" : servers}, at the registrar or in the zone above, or set dns.zone to the zone that DNS asks. ` +
    `To see it: ${shell`dig ${dnsName(zone.name)} NS +trace`}`
  );
}
