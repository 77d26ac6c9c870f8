import { dnsName, readableName } from "../../lib/dnsName.ts";
import { usesDns01, type Check } from "../check.ts";
import { found, NotAvailable, type Problem } from "../finding.ts";
import { challengeName } from "./lookUp.ts";
import { shell } from "../../lib/shell.ts";

const trace: Problem["command"] = ({ domain }) => shell`dig ${domain} NS +trace`;

const elsewhere: Problem = {
  id: "zone-not-asked",
  severity: "error",
  title: "DNS does not delegate to the zone that the credential writes to",
  why: "The CA would not find the challenge's TXT record. Delegate the zone to the DNS provider's name servers, at the registrar or in the parent zone, or set dns.zone to the zone that DNS delegates to.",
  command: trace,
};

const perhapsElsewhere: Problem = {
  id: "zone-perhaps-not-asked",
  severity: "warning",
  title:
    "In this machine's network, DNS does not delegate to the zone that the credential writes to",
  why: "The DNS of the internet, which the CA queries, could not be queried from here and may differ. Check with --dns-server 1.1.1.1, or from another network.",
  command: trace,
};

/** Whether DNS delegates to the zone in the DNS provider's API. */
export const zoneDelegation: Check = {
  id: "zone-delegation",
  group: "DNS and ingress",
  title: "DNS delegates to the zone that the credential writes to",
  problems: [elsewhere, perhapsElsewhere],
  applies: usesDns01,
  run: async ({ expected, dns, credential }) => {
    const zone = await (await credential())?.zone();
    if (zone === undefined) {
      return { found: [], seen: "the cluster has no credential that shows its zone" };
    }
    const comparison = await dns.compare(challengeName(expected), zone);
    if (comparison.result === "unknown") {
      throw new NotAvailable("DNS does not show from here which zone it delegates to");
    }
    const servers = zone.nameServers.map(dnsName).join(", ");
    if (comparison.result === "agrees") {
      return {
        found: [],
        seen: `${readableName(zone.name)} is delegated to the DNS provider's name servers`,
      };
    }
    const wanted = `${readableName(zone.name)} delegated to ${servers}`;
    const evidence = {
      expected: wanted,
      seen: comparison.difference,
      command: shell`dig ${dnsName(zone.name)} NS +trace`,
    };
    return {
      found: [found(comparison.isPublic ? elsewhere : perhapsElsewhere, expected, evidence)],
      seen: comparison.difference,
    };
  },
};
