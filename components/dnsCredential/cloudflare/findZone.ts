import { getZone } from "@pulumi/cloudflare/getZone.js";
import { getZones } from "@pulumi/cloudflare/getZones.js";
import * as pulumi from "@pulumi/pulumi";
import { accountOf, zoneDefect, type CloudflareZone } from "../../../dns/cloudflare/zone.ts";
import { dnsName, readableName } from "../../../lib/dnsName.ts";
import { lookup } from "../lookup.ts";
import { explainCloudflare } from "./lookupFailure.ts";
import { shell, verbatim, type ShellText } from "../../../lib/shell.ts";

/** Which zone is meant. */
export interface WantedZone {
  /** Its name. */
  readonly zone: string;
  /** Its id. Default: the zone of the name, where there is but one. */
  readonly zoneId?: string | undefined;
  /** The account that will own the token, and so has the zone. Default: any that the plugin's access reaches. */
  readonly accountId?: string | undefined;
  /** The provider's domain. */
  readonly domain: string;
}

/** A zone as the plugin tells of it. */
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
 * Looks a zone up that the internet asks.
 *
 * @throws RunError when there is none, none that is active, or more than one
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
      `dns.zoneId is the id of the Cloudflare zone ${readableName(found.name)}, and dns.zone is ${zone}`,
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
      `dns.zoneId is the id of a zone of the Cloudflare ${accountOf(found)}, and a token of the account ${accountId} (dns.accountId) reaches none of its zones`,
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
  // Zones of a name may wait in many accounts, and the internet asks the active one.
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
    `Cloudflare has ${zones.length} zones ${zone}, and ${only === undefined ? "none of them is active" : "the internet asks one of them"}. ` +
      `Choose the one whose name servers it shows (${shell`dig ${dnsName(zone)} NS +trace`}):\n${list.join("\n")}\nNothing was changed.`,
  );
}

/**
 * Cloudflare has a name with its own letters; which of both forms it takes in a question is not documented.
 *
 * @throws Error where there is none, with the words that the plugin has for it
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

/** @param rest what follows the stack */
function configCommand(verb: "set" | "rm", rest: ShellText): ShellText {
  return shell`pulumi config ${verb} -s ${pulumi.getStack()} ${verbatim(rest)}`;
}
