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

/** A release, for the permissions on it. */
export interface ReleaseOfRights {
  readonly namespace: string;
  readonly names: ReleaseNames;
  /** The route from port 80 to the provider. Default: unknown and not checked. */
  readonly mode?: RouteMode | undefined;
}

/** A task on a release. */
export type ReleaseTask = "install" | "change" | "upgradeChart";

/** How many permissions are checked at the same time. */
const parallel = 8;

const checked = oncePerCluster();

/**
 * Fails before the cluster would refuse a later step: checks every permission that the task needs. An unreachable cluster,
 * or one that does not report permissions, is left to the attempt.
 *
 * @param task the task. Default: a change, or the first install where no readable StatefulSet of the release exists
 * @throws RunError with all missing permissions, and the commands that grant them
 */
export async function refuseMissingRights(
  cluster: Cluster,
  release: ReleaseOfRights,
  task?: ReleaseTask,
): Promise<void> {
  const { namespace, names, mode } = release;
  const key = [namespace, names.fullname, mode, task].join("/");
  await checked(cluster, key, () => checkRights(cluster, release, task));
}

async function checkRights(
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
  // Without the permission to read, no permissions were granted yet, as is usual before the first install.
  const task = wanted ?? (installed === true ? "change" : "install");
  const unknown = wanted === undefined && installed === undefined;
  await refuseWithoutRights(access, {
    namespace: release.namespace,
    rights: rightsFor(release, task),
    commands: (user) => grantCommands(release, task, user),
    remark: unknown
      ? "If the provider is deployed already, omit the commands with install: they are only for the first up."
      : undefined,
  });
}

/** Two hooks check it: one of the namespace, one of the credential. */
const reached = oncePerCluster();

/**
 * Refuses a cluster that is unreachable or rejects the credentials, before resources for it are created elsewhere: they
 * would not be used. Not in a preview, which works without a cluster as far as possible.
 *
 * @throws RunError with the reason
 */
export async function refuseUnreachable(cluster: Cluster): Promise<void> {
  if (pulumi.runtime.isDryRun()) {
    return;
  }
  try {
    await reached(cluster, "", async () => {
      await mayDoAnything(await cluster.access());
    });
  } catch (error) {
    // A 403 is a response: the cluster is reachable.
    const isThere = error instanceof ClusterFailure && error.code === 403;
    if (error instanceof UserError && !isThere) {
      throw new pulumi.RunError(
        `${messageOf(error)}\nNothing was created in the cluster or at the DNS provider. After the fix, run: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
      );
    }
  }
}

/** Whether all permissions are granted, so that no further check is needed. */
export function mayDoAnything(access: ClusterAccess): Promise<boolean | undefined> {
  return access.allows({ group: "*", resource: "*", verb: "*" });
}

/** The permissions for a task, and how to grant them. */
export interface NeededRights {
  /** The namespace of the namespaced permissions. */
  readonly namespace: string;
  readonly rights: readonly ReleaseRights[];
  /** The commands with which an administrator grants them to a user. Default: to a placeholder. */
  readonly commands: (user?: string) => readonly ShellText[];
  /** A note on the commands. */
  readonly remark?: string | undefined;
}

/**
 * Fails before the cluster would refuse a later step. A cluster that does not report permissions is left to the attempt.
 *
 * @throws RunError with all missing permissions, and the commands that grant them
 */
export async function refuseWithoutRights(
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
        `The identity that runs Pulumi${user === undefined ? "" : ` (${user})`} lacks permissions in the cluster ${access.server}: ${rightsText(missing, namespace)}. ` +
          "An administrator of the cluster can grant them (docs/security.md):",
        ...commands(user).map((command) => `      ${command}`),
        ...(remark === undefined ? [] : [remark]),
        `Nothing was changed. After the fix, run: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
      ].join("\n"),
    );
  }
}

/** Whether the release's StatefulSet exists; undefined where it may not be read. */
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
          // The client omits undefined fields.
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

/** The permissions as text, grouped by object or type of object. */
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
 * A hook before the creation or change of a release's resource, also in a preview; see {@link refuseMissingRights}.
 *
 * @param name the hook's name
 * @param task the task, from the hook's arguments. Default: that of {@link refuseMissingRights}
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
 * The commands that grant the documented permissions to a user.
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

/** The command that creates the roles in a file of docs/kubernetes, with names instead of placeholders. */
export function applyCommand(file: string, names: Readonly<Record<string, string>>): ShellText {
  const folder = relative(process.cwd(), join(import.meta.dirname, "../docs/kubernetes"));
  const script = Object.entries(names).map(([word, name]) => `s/${word}/${name}/g`);
  return shell`sed ${script.join("; ")} ${join(folder, file)} | kubectl apply -f -`;
}

/** A binding of a role to a user. */
interface Binding {
  readonly role: string;
  /** The role's namespace. Default: none, for a ClusterRole. */
  readonly namespace?: string;
  /** Default: a placeholder. */
  readonly user: string | undefined;
}

/** The command that binds a role to a user. Each user gets a separate binding, so that no user loses a role. */
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
