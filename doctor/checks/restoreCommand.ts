import type { KubernetesObject } from "../../chart/manifest.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { isMap } from "../../lib/json.ts";
import { joined, shell, type ShellText } from "../../lib/shell.ts";
import type { Expectation } from "../expectation.ts";
import type { Difference } from "./differences.ts";
import { applyAgain, recreateStatefulSet } from "./remedies.ts";

/**
 * Immutable fields, by kind (kubernetes, pkg/apis/apps/validation, pkg/apis/storage and pkg/apis/rbac): where one
 * differs, the object was recreated.
 */
const fixedFields: ReadonlyMap<string, RegExp> = new Map([
  ["StatefulSet", /^spec\.(selector|serviceName|podManagementPolicy|volumeClaimTemplates)\b/],
  ["StorageClass", /^(provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/],
  ["ClusterRoleBinding", /^roleRef\b/],
  ["RoleBinding", /^roleRef\b/],
]);

/**
 * The command that restores an object as it was applied. Applying the manifest again is not always enough: `kubectl
 * apply` keeps list items that the manifest does not contain, since it merges most lists by the names of their items
 * (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#merge-changes-for-fields-of-type-list).
 *
 * @param object as it was applied
 * @param fields the differing fields, at least one
 */
export function restoreCommand(
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
      ? recreateStatefulSet(expected, name)
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

/** Whether applying again would keep the difference: an item that was added to a list. */
function isLeft({ applied, live, isAddition }: Difference): boolean {
  return (
    isAddition === true ||
    (Array.isArray(applied) && Array.isArray(live) && live.length > applied.length)
  );
}

/** Tests the item's name first: when the command is run, its index may belong to another item. */
function operations({ pointer, applied, live, isAddition }: Difference): readonly object[] {
  return isAddition && isMap(live)
    ? [
        { op: "test", path: `${pointer}/name`, value: live.name },
        { op: "remove", path: pointer },
      ]
    : [{ op: "replace", path: pointer, value: applied }];
}

/** From the last item to the first, since each removal moves the items after it. */
function fromTheEnd(one: Difference, other: Difference): number {
  return other.pointer.localeCompare(one.pointer, undefined, { numeric: true });
}
