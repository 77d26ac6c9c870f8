import type { Controllable } from "../shared/control.ts";
import { seedDelegations } from "../shared/delegations.ts";
import { type JsonObject, listOf, objectOf, textOf, textsOf } from "../shared/json.ts";
import { fingerprint } from "../shared/secrets.ts";
import { applySettings, COUNT, DELAY, SWITCH, TEXT, TEXTS } from "../shared/settings.ts";
import type { GoogleContext } from "./context.ts";
import { createProject, findProject } from "./projects.ts";
import type { GoogleState, Project, WorkloadIdentity } from "./state.ts";
import { createZone } from "./zones.ts";

/** What the sandbox can read and set in the Google emulator. */
export function googleControl(context: GoogleContext): Controllable {
  return {
    dump: () => dump(context.state),
    seed: (input) => seed(context, input),
    settings: () => context.state.settings,
    configure: (input) => {
      applySettings(
        context.state.settings,
        {
          keyDelayMs: DELAY,
          grantDelayMs: DELAY,
          changeDelayMs: DELAY,
          reuseDeletedIds: SWITCH,
          disabledServices: TEXTS,
          enforcedConstraints: TEXTS,
          allowedMemberDomains: TEXTS,
          policyReadable: SWITCH,
          metadataAccount: TEXT,
          pageSize: COUNT,
        },
        input,
      );
    },
  };
}

/** The state without the tokens' fingerprints. The state contains no private keys. */
function dump({ accessTokens, workloadIdentities = [], ...state }: GoogleState): object {
  const shown = <T extends { readonly fingerprint: string }>(entries: readonly T[]) =>
    entries.map(({ fingerprint: _, ...entry }) => entry);
  return {
    ...state,
    workloadIdentities: shown(workloadIdentities),
    accessTokens: shown(accessTokens),
  };
}

/**
 * Creates projects and zones: `{projects: [{projectId, name?, zones?: [{name, dnsName, visibility?, description?,
 * nameServers?}]}]}`, sets the delegations in parent zones: `{delegations: [{name, nameServers?}]}`, and the
 * identities that workload identity pools accept from now on: `{workloadIdentities: [{audience, principal,
 * token}]}`.
 */
function seed(context: GoogleContext, input: JsonObject): object {
  seedDelegations((context.state.delegations ??= {}), input);
  if (input.workloadIdentities !== undefined) {
    context.state.workloadIdentities = listOf(input.workloadIdentities).map((entry) =>
      readWorkloadIdentity(objectOf(entry)),
    );
  }
  const projects = listOf(input.projects).map((entry) => seedProject(context, objectOf(entry)));
  return {
    projects: projects.map(({ projectId, projectNumber, zones }) => ({
      projectId,
      projectNumber,
      zones: zones.map(({ name, id, dnsName }) => ({ name, id, dnsName })),
    })),
  };
}

function seedProject(context: GoogleContext, input: JsonObject): Project {
  const projectId = textOf(input.projectId);
  if (projectId === undefined) {
    throw new Error("projects: each needs a projectId");
  }
  const zones = listOf(input.zones).map((entry) => readZone(objectOf(entry)));
  const project =
    findProject(context, projectId) ??
    createProject(context, projectId, textOf(input.name) ?? projectId);
  for (const zone of zones) {
    if (!project.zones.some(({ name }) => name === zone.name)) {
      createZone(context, project, zone);
    }
  }
  return project;
}

function readWorkloadIdentity(input: JsonObject): WorkloadIdentity {
  const [audience, principal, token] = [
    textOf(input.audience),
    textOf(input.principal),
    textOf(input.token),
  ];
  if (audience === undefined || principal === undefined || token === undefined) {
    throw new Error("workloadIdentities: each needs an audience, a principal and a token");
  }
  return { audience, principal, fingerprint: fingerprint(token) };
}

function readZone(input: JsonObject) {
  const name = textOf(input.name);
  const dnsName = textOf(input.dnsName);
  if (name === undefined || !dnsName?.endsWith(".")) {
    throw new Error("zones: each needs a name, and a dnsName that ends with a dot");
  }
  return {
    name,
    dnsName: dnsName.toLowerCase(),
    visibility: input.visibility === "private" ? ("private" as const) : ("public" as const),
    description: textOf(input.description) ?? "",
    ...(input.nameServers !== undefined && { nameServers: textsOf(input.nameServers) }),
  };
}
