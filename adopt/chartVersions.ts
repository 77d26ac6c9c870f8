import { eq, lt } from "semver";
import { chartVersion } from "../chart/release.ts";
import { isSupported } from "../chart/repairs.ts";
import { kubectl, type CommandTarget } from "../lib/clusterCommand.ts";
import type { Refusal } from "./refusal.ts";
import { shell } from "../lib/shell.ts";

/** The first chart that keeps the home directory in a volume, which no StatefulSet can be given afterwards. */
const firstWithHomeVolume = "12.0.0";

/** Versions of the chart. */
export interface ChartVersions {
  readonly deployed: string;
  /** The one that the next `up` deploys. */
  readonly next: string;
}

/**
 * Why a provider of this chart version cannot be adopted, if so.
 *
 * @param target where it is, for the command
 * @param statefulSet its name
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
          problem: `keeps the home directory in the pod; Helm can upgrade it to ${firstWithHomeVolume} or later only when its StatefulSet is made anew. Delete it first, which leaves the pod: ${kubectl(target, shell`delete statefulset ${statefulSet} --cascade=orphan`)}. Helm's new one cannot give that pod a volume; delete the pod, too, once the new one is there: ${kubectl(target, shell`delete pod ${statefulSet}-0 --wait=false`)}`,
        },
      ]
    : [];
}

/** Whether the stack's first `up` upgrades the chart: the deployed one is older than the repairs know. */
export function isUpgraded(deployed: string): boolean {
  return !isSupported(deployed);
}

/**
 * What the next `up` makes of the chart's version, and the command that keeps it, where one can.
 *
 * @returns undefined where it keeps it
 */
export function chartChange({ deployed, next }: ChartVersions, stack: string): string | undefined {
  if (!changesChart({ deployed, next })) {
    return undefined;
  }
  if (isUpgraded(deployed)) {
    return `${deployed} is deployed, which the repairs do not know; the next up deploys ${next}`;
  }
  const cause =
    next === chartVersion
      ? "the program's own version"
      : "as the stack's setting chartVersion says";
  return `${deployed} is deployed; the next up deploys ${next}, ${cause}. To keep ${deployed}: ${shell`pulumi config set -s ${stack} chartVersion ${deployed}`}`;
}

/** Whether the next `up` deploys another version. What a build adds to a version makes it no other. */
function changesChart({ deployed, next }: ChartVersions): boolean {
  return deployed !== next && !deployed.startsWith(`${next}+`);
}

/**
 * The chart version for the stack to say, so that its first `up` upgrades nothing that needs no upgrade. Undefined where
 * the program's own is right.
 */
export function pinnedChart(deployed: string): string | undefined {
  return eq(deployed, chartVersion) || isUpgraded(deployed) ? undefined : deployed;
}
