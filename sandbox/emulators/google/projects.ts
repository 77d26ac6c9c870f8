import { randomDigits } from "../shared/secrets.ts";
import type { Target } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { emptyPolicy } from "./policies.ts";
import type { Project } from "./state.ts";

/** The project with this id or number. */
export function findProject(context: GoogleContext, id: string): Project | undefined {
  return context.state.projects.find(
    ({ projectId, projectNumber }) => projectId === id || projectNumber === id,
  );
}

/** A project as the target of a permission. A missing project has no policy. */
export function projectTarget(context: GoogleContext, id: string): Target {
  const project = findProject(context, id);
  return { name: `projects/${id}`, policies: project ? [project.policy] : [] };
}

/** Creates a project, as the console would; the emulated Resource Manager cannot. */
export function createProject(
  context: GoogleContext,
  projectId: string,
  name = projectId,
): Project {
  const project: Project = {
    projectId,
    projectNumber: randomDigits(12),
    name,
    createTime: new Date(context.now()).toISOString(),
    policy: emptyPolicy(),
    zones: [],
  };
  context.state.projects.push(project);
  return project;
}
