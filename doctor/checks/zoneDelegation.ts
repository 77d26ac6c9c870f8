import { dnsName, readableName } from "../../lib/dnsName.ts";
import { usesDns01, type Check } from "../check.ts";
import { found, NotSeen, type Problem } from "../finding.ts";
import { challengeName } from "./lookUp.ts";
import { shell } from "../../lib/shell.ts";

const look: Problem["command"] = ({ domain }) => shell`dig ${domain} NS +trace`;

const elsewhere: Problem = {
  id: "zone-not-asked",
  severity: "error",
  title: "DNS does not ask the zone that the credential writes to",
  why: "The CA would not find the challenge's TXT record. Have the zone delegated to its cloud's name servers, at the registrar or in the zone above, or set dns.zone to the zone that DNS asks.",
  command: look,
};

const perhapsElsewhere: Problem = {
  id: "zone-perhaps-not-asked",
  severity: "warning",
  title:
    "DNS, as this machine's network has it, does not ask the zone that the credential writes to",
  why: "The internet's DNS, which the CA asks, could not be asked from here and may say something else: see with --dns-server 1.1.1.1, or from another network.",
  command: look,
};

/** Whether the zone that the cloud's API finds is the one that DNS names. */
export const zoneDelegation: Check = {
  id: "zone-delegation",
  group: "The way in",
  title: "DNS asks the zone that the credential writes to",
  problems: [elsewhere, perhapsElsewhere],
  applies: usesDns01,
  run: async ({ expected, dns, credential }) => {
    const zone = await (await credential())?.zone();
    if (zone === undefined) {
      return { found: [], seen: "there is no credential here that names its zone" };
    }
    const comparison = await dns.compare(challengeName(expected), zone);
    if (comparison.result === "unknown") {
      throw new NotSeen("DNS does not tell from here which zone it asks");
    }
    const servers = zone.nameServers.map(dnsName).join(", ");
    if (comparison.result === "agrees") {
      return {
        found: [],
        seen: `${readableName(zone.name)} is asked for at the name servers of its cloud`,
      };
    }
    const wanted = `${readableName(zone.name)} delegated to ${servers}`;
    const sighting = {
      expected: wanted,
      seen: comparison.difference,
      command: shell`dig ${dnsName(zone.name)} NS +trace`,
    };
    return {
      found: [found(comparison.isPublic ? elsewhere : perhapsElsewhere, expected, sighting)],
      seen: comparison.difference,
    };
  },
};
