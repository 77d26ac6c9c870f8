import type { PluginFunction, Property } from "../plugin.ts";
import { isUnknown, objectOf, type Properties, textOf } from "../values.ts";
import type { GoogleCloud } from "./client.ts";

/** The input with a resource's project. */
export const projectProperty: Property = {
  required: true,
  replaces: true,
  same: (old, wanted) => projectId(textOf(old)) === projectId(textOf(wanted)),
};

/** The inputs, completed with the project of the provider. */
export function withProject(cloud: GoogleCloud, inputs: Properties): Properties {
  return cloud.project === undefined ? inputs : { project: cloud.project, ...inputs };
}

/** The project in a function's arguments, or else that of the provider. */
export function projectOf(cloud: GoogleCloud, asked: unknown): string {
  const project = textOf(asked) || (cloud.project ?? "");
  if (project === "" || isUnknown(project)) {
    throw new Error("project: required field is not set");
  }
  return projectId(project);
}

/** The id of a project, also from "projects/ID". */
export function projectId(project: string): string {
  return project.replace(/^projects\//, "");
}

/**
 * `gcp:organizations/getProject:getProject`. The billing account is empty: the official plugin requests it from the
 * Cloud Billing API, which is not emulated.
 */
export const getProject: PluginFunction<GoogleCloud> = async (cloud, args) => {
  const project = projectOf(cloud, args.projectId);
  const found = await cloud.call("resourceManager", "GET", `projects/${project}`);
  const { type, id } = objectOf(found.parent);
  const labels = objectOf(found.labels);
  return {
    id: `projects/${project}`,
    projectId: found.projectId,
    number: found.projectNumber,
    name: found.name,
    orgId: type === "organization" ? id : "",
    folderId: type === "folder" ? id : "",
    labels,
    effectiveLabels: labels,
    pulumiLabels: labels,
    tags: {},
    autoCreateNetwork: true,
    billingAccount: "",
    deletionPolicy: "PREVENT",
  };
};
