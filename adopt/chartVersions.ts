import { eq, lt } from "semver";
import { chartVersion } from "../chart/release.ts";
import { isSupported } from "../chart/repairs.ts";
import { kubectl, type CommandTarget } from "../lib/clusterCommand.ts";
import type { Refusal } from "./refusal.ts";
import { shell } from "../lib/shell.ts";

/** The first chart with the home directory in a volume, which cannot be added to an existing StatefulSet. */
const firstWithHomeVolume = "12.0.0";

/** Versions of the chart. */
export interface ChartVersions {
  readonly deployed: string;
  /** The version that the next `up` deploys. */
  readonly next: string;
}

/**
 * The reasons why a provider of this chart version cannot be adopted, if any.
 *
 * @param target the cluster and namespace, for the command
 * @param statefulSet the name of the provider's StatefulSet
 */
export function chartRefusals(
  deployed: string,
  target: CommandTarget,
  statefulSet: string,
): Refusal[] {
  return lt(deployed, firstWithHomeVolume)
    ? [
        {
          subject: `chart ${deployed}`,
          problem: `keeps the home directory in the pod; Helm can upgrade it to ${firstWithHomeVolume} or later only with a new StatefulSet. Delete the present one first, which leaves the pod: ${kubectl(target, shell`delete statefulset ${statefulSet} --cascade=orphan`)}. The new StatefulSet cannot add a volume to that pod; delete the pod, too, once the new StatefulSet exists: ${kubectl(target, shell`delete pod ${statefulSet}-0 --wait=false`)}`,
        },
      ]
    : [];
}

/** Whether the stack's first `up` upgrades the chart: the repairs do not support the deployed version. */
export function isUpgraded(deployed: string): boolean {
  return !isSupported(deployed);
}

/**
 * How the next `up` changes the chart's version, and the command that keeps the version, where possible.
 *
 * @returns undefined where the version stays
 */
export function chartChange({ deployed, next }: ChartVersions, stack: string): string | undefined {
  if (!changesChart({ deployed, next })) {
    return undefined;
  }
  if (isUpgraded(deployed)) {
    return `${deployed} is deployed, which the repairs do not support; the next up deploys ${next}`;
  }
  const cause =
    next === chartVersion ? "the program's own version" : "from the stack's setting chartVersion";
  return `${deployed} is deployed; the next up deploys ${next}, ${cause}. To keep ${deployed}: ${shell`pulumi config set -s ${stack} chartVersion ${deployed}`}`;
}

/** Whether the next `up` deploys another version. Build metadata does not make another version. */
function changesChart({ deployed, next }: ChartVersions): boolean {
  return deployed !== next && !deployed.startsWith(`${next}+`);
}

/**
 * The chart version for the stack's settings, so that the first `up` does not upgrade without need. Undefined where the
 * program's own version is deployed, or an upgrade is needed.
 */
export function pinnedChart(deployed: string): string | undefined {
  return eq(deployed, chartVersion) || isUpgraded(deployed) ? undefined : deployed;
}
