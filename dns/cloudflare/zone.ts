import { dnsName, readableName } from "../../lib/dnsName.ts";

/** What Cloudflare tells of a zone (https://developers.cloudflare.com/api/resources/zones/methods/get/). */
export interface CloudflareZone {
  readonly id: string;
  /** Where it has other letters than ASCII, with these. */
  readonly name: string;
  /** `active`, `pending`, `moved` and others. Default: not told. */
  readonly status?: string | null | undefined;
  /** `full`, `partial` (a CNAME setup), `secondary` or `internal`. Default: not told. */
  readonly type?: string | null | undefined;
  readonly account?: { readonly id?: string; readonly name?: string } | null | undefined;
  readonly name_servers?: readonly string[] | null | undefined;
  /** Name servers with names of the zone's own, in place of the others. */
  readonly vanity_name_servers?: readonly string[] | null | undefined;
}

/** The servers that answer for a zone, by all their names. */
export function zoneServers(zone: CloudflareZone): readonly string[] {
  return [...(zone.name_servers ?? []), ...(zone.vanity_name_servers ?? [])];
}

/** Why the internet does not see what is written to a zone, and what to do, as sentences; undefined where it does. */
export function zoneDefect(zone: CloudflareZone): string | undefined {
  const name = readableName(zone.name);
  const servers = (zone.name_servers ?? []).map(dnsName).join(" and ");
  const delegate = `Delegate ${dnsName(zone.name)} to ${servers === "" ? "Cloudflare's name servers" : servers}, at the registrar or in the zone above`;
  switch (zone.type ?? "full") {
    case "full":
      break;
    case "partial":
      return `The Cloudflare zone ${name} is partial, a CNAME setup: its DNS is elsewhere, and nothing asks Cloudflare for a challenge's record. Convert it to a full setup in the dashboard, or use challenge http-01`;
    case "secondary":
      return `The Cloudflare zone ${name} is secondary: its records are copied from other servers, and none can be written here. Use challenge http-01`;
    default:
      return `The Cloudflare zone ${name} is ${zone.type ?? ""}: the internet does not see it`;
  }
  switch (zone.status ?? "active") {
    case "active":
      return undefined;
    case "pending":
    case "initializing":
      return `The Cloudflare zone ${name} is ${zone.status ?? ""}: DNS does not ask Cloudflare for it yet. ${delegate}, and wait until the dashboard calls it active`;
    case "moved":
      return `The Cloudflare zone ${name} is moved: DNS no longer asks Cloudflare for it. ${delegate}, or set dns to the provider that has the zone now`;
    default:
      return `The Cloudflare zone ${name} is ${zone.status ?? ""}, so Cloudflare does not answer for it. The dashboard says how to get it active`;
  }
}

/** The account of a zone, as its name and id. */
export function accountOf({ account }: CloudflareZone): string {
  const [name = "", id = "unknown"] = [account?.name, account?.id];
  return name === "" ? `account ${id}` : `account ${name} (${id})`;
}
