import { dnsName } from "../lib/dnsName.ts";

/** Whether a zone contains a host: the host is the zone's name or below it. Either name may be in any form. */
export function zoneContains(zone: string, host: string): boolean {
  const [name, asked] = [dnsName(zone), dnsName(host)];
  return asked === name || asked.endsWith(`.${name}`);
}
