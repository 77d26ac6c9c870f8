import { textOf } from "../values.ts";
import { iamMember } from "./iamMember.ts";
import { projectId, projectProperty } from "./project.ts";

/** `gcp:projects/iAMMember:IAMMember`. Its project does not default to that of the provider. */
export const projectIamMember = iamMember({
  properties: { project: projectProperty },
  // pulumi-gcp, provider/resources.go
  deleteBeforeReplace: true,
  complete: (_cloud, inputs) => inputs,
  holder: (cloud, inputs) => {
    const project = projectId(textOf(inputs.project));
    const call = (verb: string, body: object) =>
      cloud.call("resourceManager", "POST", `projects/${project}:${verb}`, body);
    return {
      resource: project,
      get: () => call("getIamPolicy", { options: { requestedPolicyVersion: 3 } }),
      set: (policy) => call("setIamPolicy", { policy, updateMask: "bindings,etag,auditConfigs" }),
    };
  },
  parse: (resource) => ({ project: projectId(resource) }),
});
