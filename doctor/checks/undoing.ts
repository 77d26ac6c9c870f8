import type { KubernetesObject } from "../../chart/manifest.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { isMap } from "../../lib/json.ts";
import { joined, shell, type ShellText } from "../../lib/shell.ts";
import type { Expectation } from "../expectation.ts";
import type { Difference } from "./differences.ts";
import { applyAgain, remakeStatefulSet } from "./mend.ts";

/**
 * The fields that the API server lets nobody change, by kind (kubernetes, pkg/apis/apps/validation, pkg/apis/storage and
 * pkg/apis/rbac): where one differs, the object was made anew with it.
 */
const fixedFields: ReadonlyMap<string, RegExp> = new Map([
  ["StatefulSet", /^spec\.(selector|serviceName|podManagementPolicy|volumeClaimTemplates)\b/],
  ["StorageClass", /^(provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/],
  ["ClusterRoleBinding", /^roleRef\b/],
  ["RoleBinding", /^roleRef\b/],
]);

/**
 * The command that makes an object as it was applied. To apply it again does not do for all: `kubectl apply` leaves an
 * item of a list that it does not find in what is applied, since it merges most lists by their items' names
 * (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#merge-changes-for-fields-of-type-list).
 *
 * @param object as it was applied
 * @param fields what differs, one at least
 */
export function undoing(
  object: KubernetesObject,
  fields: readonly Difference[],
  expected: Expectation,
): ShellText {
  const { kind = "", metadata } = object;
  const name = metadata?.name ?? "";
  const type = kind.toLowerCase();
  const target = { ...expected, namespace: metadata?.namespace ?? expected.namespace };
  if (fields.some(({ path }) => fixedFields.get(kind)?.test(path))) {
    return kind === "StatefulSet"
      ? remakeStatefulSet(expected, name)
      : joined([kubectl(target, shell`delete ${type} ${name}`), applyAgain(expected)], " && ");
  }
  const patch = fields.filter(isLeft).sort(fromTheEnd).flatMap(operations);
  const rest = fields.filter((field) => !isLeft(field));
  return joined(
    [
      ...(patch.length === 0
        ? []
        : [kubectl(target, shell`patch ${type} ${name} --type=json -p ${JSON.stringify(patch)}`)]),
      ...(rest.length === 0 ? [] : [applyAgain(expected)]),
    ],
    " && ",
  );
}

/** Whether applying again would leave it: what somebody has added to a list. */
function isLeft({ applied, live, isAddition }: Difference): boolean {
  return (
    isAddition === true ||
    (Array.isArray(applied) && Array.isArray(live) && live.length > applied.length)
  );
}

/** An item's index may be another's when the command is run: the patch is refused where its name is not there any more. */
function operations({ pointer, applied, live, isAddition }: Difference): readonly object[] {
  return isAddition && isMap(live)
    ? [
        { op: "test", path: `${pointer}/name`, value: live.name },
        { op: "remove", path: pointer },
      ]
    : [{ op: "replace", path: pointer, value: applied }];
}

/** Each removal moves what follows it. */
function fromTheEnd(one: Difference, other: Difference): number {
  return other.pointer.localeCompare(one.pointer, undefined, { numeric: true });
}
