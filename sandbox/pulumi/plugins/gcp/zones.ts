import type { PluginFunction } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";
import type { GoogleCloud } from "./client.ts";
import { projectOf } from "./project.ts";

/**
 * `gcp:dns/getManagedZones:getManagedZones`: the first page of a project's zones, as in the official plugin.
 *
 * @see
 * https://github.com/hashicorp/terraform-provider-google/blob/main/google/services/dns/data_source_dns_managed_zones.go
 */
export const getManagedZones: PluginFunction<GoogleCloud> = async (cloud, args) => {
  const project = projectOf(cloud, args.project);
  const collection = `projects/${project}/managedZones`;
  const page = await cloud.call("dns", "GET", collection);
  const managedZones = listOf(page.managedZones).map((zone) => zoneOf(project, objectOf(zone)));
  return { id: collection, project, managedZones };
};

/** `gcp:dns/getManagedZone:getManagedZone`: the zone with this name. */
export const getManagedZone: PluginFunction<GoogleCloud> = async (cloud, args) => {
  const project = projectOf(cloud, args.project);
  const path = `projects/${project}/managedZones/${textOf(args.name)}`;
  return zoneOf(project, await cloud.call("dns", "GET", path));
};

function zoneOf(project: string, zone: Properties): Properties {
  const { id, name, dnsName, description, visibility, nameServers } = zone;
  return {
    id: `projects/${project}/managedZones/${textOf(name)}`,
    managedZoneId: String(id),
    name,
    project,
    dnsName,
    description: description ?? "",
    visibility: visibility ?? "public",
    nameServers: nameServers ?? [],
  };
}
