import { sdkBridge } from "../bridge.ts";
import type { Plugin } from "../plugin.ts";
import { account } from "./account.ts";
import { GoogleCloud } from "./client.ts";
import { key } from "./key.ts";
import { getProject } from "./project.ts";
import { projectIamMember } from "./projectIamMember.ts";
import { gcpSettings, missingProject } from "./settings.ts";
import { zoneIamMember } from "./zoneIamMember.ts";
import { getManagedZone, getManagedZones } from "./zones.ts";

/** The stand-in for `pulumi-resource-gcp`. */
export const gcpPlugin: Plugin<GoogleCloud> = {
  name: "gcp",
  settings: gcpSettings,
  bridge: sdkBridge,
  warn: missingProject,
  connect: (settings) => new GoogleCloud(settings),
  resources: {
    "gcp:serviceaccount/account:Account": account,
    "gcp:serviceaccount/key:Key": key,
    "gcp:projects/iAMMember:IAMMember": projectIamMember,
    "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember": zoneIamMember,
  },
  functions: {
    "gcp:dns/getManagedZones:getManagedZones": getManagedZones,
    "gcp:dns/getManagedZone:getManagedZone": getManagedZone,
    "gcp:organizations/getProject:getProject": getProject,
  },
};
