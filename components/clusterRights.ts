import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { V1ResourceAttributes } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import {
  chartUpgradeRights,
  dailyRights,
  installRights,
  type ReleaseRights,
  type Right,
  type RouteMode,
} from "../chart/rights.ts";
import type { ReleaseNames } from "../chart/release.ts";
import type { ClusterAccess } from "../lib/clusterAccess.ts";
import { ClusterFailure } from "../lib/clusterFailure.ts";
import { messageOf, UserError } from "../lib/errors.ts";
import { unlessMissing } from "../lib/kubernetesApi.ts";
import { placeholder, shell, verbatim, type ShellText } from "../lib/shell.ts";
import type { Cluster } from "./cluster.ts";
import { resourceHook } from "./hook.ts";
import { oncePerCluster } from "./oncePerCluster.ts";

/** A release, as far as rights are about it. */
export interface ReleaseOfRights {
  readonly namespace: string;
  readonly names: ReleaseNames;
  /** How port 80 reaches the provider. Default: not known, and not asked about. */
  readonly mode?: RouteMode | undefined;
}

/** What is to be done with a release. */
export type ReleaseTask = "install" | "change" | "upgradeChart";

/** How many questions are under way at once. */
const parallel = 8;

const asked = oncePerCluster();

/**
 * Refuses what the cluster would refuse half way: asks it for every right that the task takes. A cluster that does not
 * answer, or does not tell, is left to the attempt.
 *
 * @param task what is to be done. Default: a change, or the first install where there is no StatefulSet of that name that
 *   may be read
 * @throws RunError with all rights that are missing, and the commands that give them
 */
export async function refuseMissingRights(
  cluster: Cluster,
  release: ReleaseOfRights,
  task?: ReleaseTask,
): Promise<void> {
  const { namespace, names, mode } = release;
  const key = [namespace, names.fullname, mode, task].join("/");
  await asked(cluster, key, () => ask(cluster, release, task));
}

async function ask(
  cluster: Cluster,
  release: ReleaseOfRights,
  wanted: ReleaseTask | undefined,
): Promise<void> {
  let access: ClusterAccess;
  let installed: boolean | undefined;
  try {
    access = await cluster.access();
    if (await mayDoAnything(access)) {
      return;
    }
    installed = wanted === undefined ? await isInstalled(cluster, release) : undefined;
  } catch {
    return;
  }
  // Whoever may not even look was given nothing yet, as is usual before the first install.
  const task = wanted ?? (installed === true ? "change" : "install");
  const unknown = wanted === undefined && installed === undefined;
  await refuseLack(access, {
    namespace: release.namespace,
    rights: rightsFor(release, task),
    commands: (user) => grantCommands(release, task, user),
    remark: unknown
      ? "If the provider is deployed already, leave out what names install: that is for the first up alone."
      : undefined,
  });
}

/**
 * Refuses a cluster that cannot be reached, or does not know who asks, before anything is made for it elsewhere: it would
 * be made, and not be put to use. Not in a preview, which shows what it can without a cluster.
 *
 * @throws RunError with why it cannot be reached
 */
export async function refuseUnreachable(cluster: Cluster): Promise<void> {
  if (pulumi.runtime.isDryRun()) {
    return;
  }
  try {
    await mayDoAnything(await cluster.access());
  } catch (error) {
    // Whether it allows that question or not, it has answered.
    const isThere = error instanceof ClusterFailure && error.code === 403;
    if (error instanceof UserError && !isThere) {
      throw new pulumi.RunError(
        `${messageOf(error)}\nNothing was made at the cloud; then: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
      );
    }
  }
}

/** Whoever may do anything is asked nothing else. */
export function mayDoAnything(access: ClusterAccess): Promise<boolean | undefined> {
  return access.allows({ group: "*", resource: "*", verb: "*" });
}

/** What something takes, and how it is given. */
export interface NeededRights {
  /** The namespace of those that are not of the whole cluster. */
  readonly namespace: string;
  readonly rights: readonly ReleaseRights[];
  /** The commands by which an administrator gives them to a user. Default: to a placeholder. */
  readonly commands: (user?: string) => readonly ShellText[];
  /** What is to be said of the commands. */
  readonly remark?: string | undefined;
}

/**
 * Refuses what the cluster would refuse half way. A cluster that does not tell is left to the attempt.
 *
 * @throws RunError with all rights that are missing, and the commands that give them
 */
export async function refuseLack(
  access: ClusterAccess,
  { namespace, rights, commands, remark }: NeededRights,
): Promise<void> {
  let missing: readonly V1ResourceAttributes[];
  try {
    missing = await refusedOf(access, questions(rights, namespace));
  } catch {
    return;
  }
  if (missing.length > 0) {
    const user = await access.user();
    throw new pulumi.RunError(
      [
        `Whoever runs Pulumi${user === undefined ? "" : ` (${user})`} lacks rights in the cluster ${access.server}: ${rightsText(missing, namespace)}. ` +
          "An administrator of the cluster gives them (docs/security.md):",
        ...commands(user).map((command) => `      ${command}`),
        ...(remark === undefined ? [] : [remark]),
        `Nothing was changed; then: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
      ].join("\n"),
    );
  }
}

/** Whether the release's StatefulSet is there; undefined where it may not be read. */
async function isInstalled(
  cluster: Cluster,
  { namespace, names }: ReleaseOfRights,
): Promise<boolean | undefined> {
  const apps = await cluster.appsApi();
  const read = apps.readNamespacedStatefulSet({ namespace, name: names.fullname });
  try {
    return (await unlessMissing(read)) !== undefined;
  } catch {
    return undefined;
  }
}

function rightsFor(
  { names, namespace, mode }: ReleaseOfRights,
  task: ReleaseTask,
): readonly ReleaseRights[] {
  return [
    dailyRights(names, namespace, mode === undefined ? [] : [mode]),
    ...(task === "install" ? [installRights(names, namespace)] : []),
    ...(task === "upgradeChart" ? [chartUpgradeRights(names)] : []),
  ];
}

function questions(
  all: readonly ReleaseRights[],
  namespace: string,
): readonly V1ResourceAttributes[] {
  return all.flatMap(({ namespaced, cluster }) => [
    ...namespaced.flatMap((right) => attributesOf(right, namespace)),
    ...cluster.flatMap((right) => attributesOf(right, undefined)),
  ]);
}

function attributesOf(
  {
    group,
    resources,
    verbs,
    names = [undefined],
  }: Omit<Right, "names"> & { readonly names?: readonly (string | undefined)[] },
  namespace: string | undefined,
): readonly V1ResourceAttributes[] {
  return resources.flatMap((path) => {
    const [resource, subresource] = path.split("/");
    return names.flatMap((name) =>
      verbs.map(
        (verb) =>
          // The client leaves out what is undefined.
          ({ group, resource, subresource, verb, name, namespace }) as V1ResourceAttributes,
      ),
    );
  });
}

async function refusedOf(
  access: ClusterAccess,
  all: readonly V1ResourceAttributes[],
): Promise<readonly V1ResourceAttributes[]> {
  const refused: V1ResourceAttributes[] = [];
  for (let start = 0; start < all.length; start += parallel) {
    const part = all.slice(start, start + parallel);
    const answers = await Promise.all(part.map((attributes) => access.allows(attributes)));
    refused.push(...part.filter((_, index) => answers[index] === false));
  }
  return refused;
}

/** The rights in words: those on one object, or kind of object, together. */
function rightsText(missing: readonly V1ResourceAttributes[], namespace: string): string {
  const text = (attributes: readonly V1ResourceAttributes[]) => {
    const byObject = new Map<string, string[]>();
    for (const { group, resource, subresource, name, verb } of attributes) {
      const kind = [resource, ...(subresource === undefined ? [] : [subresource])].join("/");
      const object = `${kind}${group === undefined || group === "" ? "" : `.${group}`}${name === undefined ? "" : ` ${name}`}`;
      byObject.set(object, [...(byObject.get(object) ?? []), verb ?? ""]);
    }
    return [...byObject].map(([object, verbs]) => `${verbs.join(", ")} on ${object}`).join("; ");
  };
  const inNamespace = missing.filter((one) => one.namespace !== undefined);
  const inCluster = missing.filter((one) => one.namespace === undefined);
  return [
    ...(inNamespace.length > 0 ? [`in the namespace ${namespace} ${text(inNamespace)}`] : []),
    ...(inCluster.length > 0 ? [`in the whole cluster ${text(inCluster)}`] : []),
  ].join("; ");
}

/**
 * A hook for before what belongs to a release is made or changed, also in a preview; see {@link refuseMissingRights}.
 *
 * @param name the hook's name
 * @param task what is to be done, from what the hook is called with. Default: as there
 */
export function rightsHook(
  name: string,
  cluster: Cluster,
  release: ReleaseOfRights,
  task?: (args: pulumi.ResourceHookArgs) => ReleaseTask,
): pulumi.ResourceHook {
  return resourceHook(name, (args) => refuseMissingRights(cluster, release, task?.(args)), {
    onDryRun: true,
  });
}

/**
 * The commands that give a user the documented rights.
 *
 * @param user the user's name. Default: a placeholder
 */
export function grantCommands(
  { namespace, names: { fullname } }: ReleaseOfRights,
  task: ReleaseTask,
  user?: string,
): readonly ShellText[] {
  const applied = (file: string) =>
    applyCommand(file, { NAMESPACE: namespace, FULLNAME: fullname });
  const inCluster = (name: string) => bindCommand({ role: name, user });
  const daily = [
    applied("rights.yaml"),
    bindCommand({ role: `${fullname}-pulumi`, namespace, user }),
    inCluster(`${namespace}-${fullname}-pulumi`),
  ];
  return task === "install"
    ? [applied("install-rights.yaml"), ...daily, inCluster(`${namespace}-${fullname}-install`)]
    : daily;
}

/** The command that makes the roles of a file of docs/kubernetes, with names in the place of words. */
export function applyCommand(file: string, names: Readonly<Record<string, string>>): ShellText {
  const folder = relative(process.cwd(), join(import.meta.dirname, "../docs/kubernetes"));
  const script = Object.entries(names).map(([word, name]) => `s/${word}/${name}/g`);
  return shell`sed ${script.join("; ")} ${join(folder, file)} | kubectl apply -f -`;
}

/** A role that is bound to a user. */
interface Binding {
  readonly role: string;
  /** The role's namespace. Default: it is one of the whole cluster. */
  readonly namespace?: string;
  /** Default: a placeholder. */
  readonly user: string | undefined;
}

/** The command that binds a role to a user. Each user has a binding of its own, so that nobody loses any. */
export function bindCommand({ role, namespace, user }: Binding): ShellText {
  const suffix = createHash("sha256")
    .update(user ?? "")
    .digest("hex")
    .slice(0, 8);
  const name = `${role}-${suffix}`;
  const bound =
    namespace === undefined
      ? shell`clusterrolebinding ${name} --clusterrole=${role}`
      : shell`rolebinding ${name} -n ${namespace} --role=${role}`;
  return shell`kubectl create ${verbatim(bound)} --user=${user ?? placeholder("user")} --dry-run=client -o yaml | kubectl apply -f -`;
}
