import { dnsName, readableName } from "../../lib/dnsName.ts";

/** A zone in Cloudflare's API (https://developers.cloudflare.com/api/resources/zones/methods/get/). */
export interface CloudflareZone {
  readonly id: string;
  /** The zone's name in Unicode, not in ASCII. */
  readonly name: string;
  /** `active`, `pending`, `moved` and others. Default: unknown. */
  readonly status?: string | null | undefined;
  /** `full`, `partial` (a CNAME setup), `secondary` or `internal`. Default: unknown. */
  readonly type?: string | null | undefined;
  readonly account?: { readonly id?: string; readonly name?: string } | null | undefined;
  readonly name_servers?: readonly string[] | null | undefined;
  /** Vanity name servers, which replace the others. */
  readonly vanity_name_servers?: readonly string[] | null | undefined;
}

/** All names of a zone's servers. */
export function zoneServers(zone: CloudflareZone): readonly string[] {
  return [...(zone.name_servers ?? []), ...(zone.vanity_name_servers ?? [])];
}

/** Why public DNS does not serve a zone's records, and the remedy, as sentences; undefined where it does. */
export function zoneDefect(zone: CloudflareZone): string | undefined {
  const name = readableName(zone.name);
  const servers = (zone.name_servers ?? []).map(dnsName).join(" and ");
  const delegate = `Delegate ${dnsName(zone.name)} to ${servers === "" ? "Cloudflare's name servers" : servers}, at the registrar or in the parent zone`;
  switch (zone.type ?? "full") {
    case "full":
      break;
    case "partial":
      return `The Cloudflare zone ${name} is partial, a CNAME setup: another DNS provider serves it, and no query for a challenge's record reaches Cloudflare. Convert it to a full setup in the dashboard, or use challenge http-01`;
    case "secondary":
      return `The Cloudflare zone ${name} is secondary: it copies its records from other servers, and none can be written at Cloudflare. Use challenge http-01`;
    default:
      return `The Cloudflare zone ${name} is ${zone.type ?? ""}: public DNS does not serve it`;
  }
  switch (zone.status ?? "active") {
    case "active":
      return undefined;
    case "pending":
    case "initializing":
      return `The Cloudflare zone ${name} is ${zone.status ?? ""}: DNS does not delegate it to Cloudflare yet. ${delegate}, and wait until the dashboard shows it as active`;
    case "moved":
      return `The Cloudflare zone ${name} is moved: DNS no longer delegates it to Cloudflare. ${delegate}, or set dns to the zone's current DNS provider`;
    default:
      return `The Cloudflare zone ${name} is ${zone.status ?? ""}, so Cloudflare does not serve it. The dashboard shows how to activate it`;
  }
}

/** Name and id of a zone's account. */
export function accountOf({ account }: CloudflareZone): string {
  const [name = "", id = "unknown"] = [account?.name, account?.id];
  return name === "" ? `account ${id}` : `account ${name} (${id})`;
}
