import { getZone } from "@pulumi/cloudflare/getZone.js";
import { getZones } from "@pulumi/cloudflare/getZones.js";
import * as pulumi from "@pulumi/pulumi";
import { accountOf, zoneDefect, type CloudflareZone } from "../../../dns/cloudflare/zone.ts";
import { dnsName, readableName } from "../../../lib/dnsName.ts";
import { lookup } from "../lookup.ts";
import { explainCloudflare } from "./lookupFailure.ts";
import { shell, verbatim, type ShellText } from "../../../lib/shell.ts";

/** The zone to look up. */
export interface WantedZone {
  /** Name of the zone. */
  readonly zone: string;
  /** Id of the zone. Default: the only active zone of the name. */
  readonly zoneId?: string | undefined;
  /** The account that will own the token and has the zone. Default: any account that Pulumi's token can access. */
  readonly accountId?: string | undefined;
  /** The provider's domain. */
  readonly domain: string;
}

/** A zone in the plugin's form. */
interface PluginZone {
  readonly id: string;
  readonly name: string;
  readonly status?: string;
  readonly type?: string;
  readonly account?: { readonly id: string; readonly name: string };
  readonly nameServers?: readonly string[];
  readonly vanityNameServers?: readonly string[];
}

/**
 * Looks up an active zone.
 *
 * @throws RunError when there is no zone, no active one, or more than one
 */
export async function findZone(wanted: WantedZone): Promise<CloudflareZone> {
  return wanted.zoneId === undefined ? zoneOfName(wanted) : zoneOfId(wanted.zoneId, wanted);
}

async function zoneOfId(zoneId: string, wanted: WantedZone): Promise<CloudflareZone> {
  const { zone, accountId } = wanted;
  const answer = await lookup(
    `The Cloudflare zone with the id ${zoneId}`,
    getZone({ zoneId }),
    explainCloudflare(wanted),
  );
  const found = zoneFrom({ ...answer, id: zoneId });
  if (dnsName(found.name) !== dnsName(zone)) {
    throw refusal(
      `dns.zoneId is the id of the Cloudflare zone ${readableName(found.name)}, but dns.zone is ${zone}`,
      "rm",
      shell`--path dns.zoneId`,
    );
  }
  if (
    accountId !== undefined &&
    found.account?.id !== undefined &&
    found.account.id !== accountId
  ) {
    throw refusal(
      `dns.zoneId is the id of a zone in the Cloudflare ${accountOf(found)}, but a token of the account ${accountId} (dns.accountId) can access none of its zones`,
      "set",
      shell`--path dns.accountId ${found.account.id}`,
    );
  }
  refuseDefect(found);
  return found;
}

async function zoneOfName(wanted: WantedZone): Promise<CloudflareZone> {
  const { zone } = wanted;
  const zones = await lookup(
    `The Cloudflare zone ${zone}`,
    zonesOfName(wanted),
    explainCloudflare(wanted),
  );
  const [first, ...others] = zones;
  if (others.length === 0) {
    refuseDefect(first);
    return first;
  }
  // Several accounts may have a pending zone of the name. DNS delegates to the active one.
  const asked = zones.filter((found) => zoneDefect(found) === undefined);
  const [only, ...further] = asked;
  if (only !== undefined && further.length === 0) {
    return only;
  }
  const list = zones.map(
    (found) =>
      `  ${accountOf(found)}: ${found.status ?? "active"}, served by ${(found.name_servers ?? []).map(dnsName).join(", ")}\n      ${configCommand("set", shell`--path dns.zoneId ${found.id}`)}`,
  );
  throw new pulumi.RunError(
    `Cloudflare has ${zones.length} zones ${zone}, and ${only === undefined ? "none of them is active" : "DNS delegates to only one of them"}. ` +
      `Choose the zone whose name servers are in DNS (${shell`dig ${dnsName(zone)} NS +trace`}):\n${list.join("\n")}\nNothing was changed.`,
  );
}

/**
 * Cloudflare returns names in Unicode. It is not documented which form its list filter accepts.
 *
 * @throws Error where there is no zone, with the plugin's error text
 */
async function zonesOfName({
  zone,
  accountId,
}: WantedZone): Promise<readonly [CloudflareZone, ...CloudflareZone[]]> {
  const account = accountId === undefined ? {} : { account: { id: accountId } };
  const names = new Set([readableName(zone), dnsName(zone)]);
  const answers = await Promise.all([...names].map((name) => getZones({ name, ...account })));
  const zones = answers
    .flatMap(({ results }) => results.map(zoneFrom))
    .filter(({ name }) => dnsName(name) === dnsName(zone));
  const [first, ...others] = new Map(zones.map((found) => [found.id, found])).values();
  if (first === undefined) {
    throw new Error("failed to find exactly one result: 0 found");
  }
  return [first, ...others];
}

function zoneFrom({ nameServers, vanityNameServers, ...zone }: PluginZone): CloudflareZone {
  return { ...zone, name_servers: nameServers, vanity_name_servers: vanityNameServers };
}

function refuseDefect(zone: CloudflareZone): void {
  const defect = zoneDefect(zone);
  if (defect !== undefined) {
    throw new pulumi.RunError(`${defect}.\nNothing was changed.`);
  }
}

function refusal(problem: string, verb: "set" | "rm", rest: ShellText): pulumi.RunError {
  return new pulumi.RunError(
    `${problem}.\n      ${configCommand(verb, rest)}\nNothing was changed.`,
  );
}

/** @param rest the arguments after the stack */
function configCommand(verb: "set" | "rm", rest: ShellText): ShellText {
  return shell`pulumi config ${verb} -s ${pulumi.getStack()} ${verbatim(rest)}`;
}
