/** Whether a zone answers for a host: the host is the zone's own name or below it. */
export function zoneContains(zone: string, host: string): boolean {
  const name = zone.replace(/\.$/, "");
  return host === name || host.endsWith(`.${name}`);
}
