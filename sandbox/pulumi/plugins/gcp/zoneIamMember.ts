import { type Properties, textOf } from "../values.ts";
import { iamMember } from "./iamMember.ts";
import { projectProperty, withProject } from "./project.ts";

const FULL_NAME = /^projects\/([^/]+)\/managedZones\/([^/]+)$/;

/** `gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember`. */
export const zoneIamMember = iamMember({
  properties: {
    project: projectProperty,
    managedZone: {
      required: true,
      replaces: true,
      same: (old, wanted) => shortName(old) === shortName(wanted),
    },
  },
  deleteBeforeReplace: false,
  complete: (cloud, inputs) => withProject(cloud, { ...fromFullName(inputs), ...inputs }),
  holder: (cloud, inputs) => {
    const project = textOf(inputs.project);
    const resource = `projects/${project}/managedZones/${shortName(inputs.managedZone)}`;
    return {
      resource,
      get: () =>
        cloud.call("dns", "POST", `${resource}:getIamPolicy?options.requestedPolicyVersion=3`),
      set: (policy) =>
        cloud.call("dns", "POST", `${resource}:setIamPolicy`, {
          policy,
          updateMask: "bindings,etag,version",
        }),
    };
  },
  parse: (resource) => {
    const [, project, managedZone] = FULL_NAME.exec(resource) ?? [];
    return project === undefined ? undefined : { project, managedZone };
  },
});

function fromFullName({ managedZone }: Properties): Properties {
  const [, project] = FULL_NAME.exec(textOf(managedZone)) ?? [];
  return project === undefined ? {} : { project };
}

function shortName(zone: unknown): string {
  return textOf(zone).split("/").at(-1) ?? "";
}
