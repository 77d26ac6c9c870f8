import { dnsName } from "../lib/dnsName.ts";

/** Whether a zone answers for a host: the host is the zone's own name or below it, in whatever form each is written. */
export function zoneContains(zone: string, host: string): boolean {
  const [name, asked] = [dnsName(zone), dnsName(host)];
  return asked === name || asked.endsWith(`.${name}`);
}
