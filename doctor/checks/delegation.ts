import { zoneContains } from "../../dns/zone.ts";
import { usesDns01, type Check } from "../check.ts";
import { found, ifAvailable, type Problem } from "../finding.ts";
import { challengeName } from "./lookUp.ts";
import { shell } from "../../lib/shell.ts";

const elsewhere: Problem = {
  id: "challenge-delegated-elsewhere",
  severity: "error",
  title:
    "The challenge's name is an alias (CNAME) into a zone that the credential does not write to",
  why: "The issuer follows the alias and writes the TXT record at the target.",
  command: (expected) => shell`dig ${challengeName(expected)} CNAME`,
};

const delegated: Problem = {
  id: "challenge-delegated",
  severity: "info",
  title: "The challenge's name is an alias (CNAME)",
  why: "The issuer follows the alias and writes the TXT record at the target.",
  command: elsewhere.command,
};

/** Whether the CA queries the TXT record of a DNS-01 challenge in a zone that the credential writes to. */
export const delegation: Check = {
  id: "delegation",
  group: "DNS and ingress",
  title: "The challenge's TXT record belongs to the credential's zone",
  problems: [elsewhere, delegated],
  applies: usesDns01,
  run: async ({ expected, dns, credential }) => {
    const name = challengeName(expected);
    const alias = await dns.alias(name);
    if (alias === undefined) {
      return { found: [], seen: `${name} is not an alias` };
    }
    const seen = `${name} points to ${alias}`;
    const zone = await ifAvailable((await credential())?.zone() ?? Promise.resolve(undefined));
    const inside = zone === undefined || zoneContains(zone.name, alias);
    const wanted = `a name in the zone ${zone?.name ?? "of the credential"}`;
    return {
      seen,
      found: [found(inside ? delegated : elsewhere, expected, { expected: wanted, seen })],
    };
  },
};
