import { eq, lt, satisfies } from "semver";
import { chartVersion } from "../chart/release.ts";
import { supportedChartVersions } from "../chart/repairs.ts";
import type { Refusal } from "./validate.ts";

/** The first chart that keeps the home directory in a volume, which no StatefulSet can be given afterwards. */
const firstWithHomeVolume = "12.0.0";

/** Why a provider of this chart version cannot be adopted, if so. */
export function chartRefusals(deployed: string): Refusal[] {
  return lt(deployed, firstWithHomeVolume)
    ? [
        {
          subject: `chart ${deployed}`,
          problem: `keeps the home directory in the pod; Helm can upgrade it to ${firstWithHomeVolume} or later only after kubectl delete statefulset --cascade=orphan, which must be done first`,
        },
      ]
    : [];
}

/** Whether the stack's first `up` upgrades the chart: the deployed one is older than the repairs know. */
export function isUpgraded(deployed: string): boolean {
  return !satisfies(deployed, supportedChartVersions, { includePrerelease: true });
}

/**
 * The chart version for the stack to say, so that its first `up` upgrades nothing that needs no upgrade. Undefined where
 * the program's own is right.
 */
export function pinnedChart(deployed: string): string | undefined {
  return eq(deployed, chartVersion) || isUpgraded(deployed) ? undefined : deployed;
}
