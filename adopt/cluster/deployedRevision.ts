import { chartName } from "../../chart/release.ts";
import { helm } from "../../lib/clusterCommand.ts";
import { UserError } from "../../lib/errors.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import { shell } from "../../lib/shell.ts";

/** Where the provider runs. */
export interface ReleasePlace {
  readonly namespace: string;
  readonly releaseName: string;
}

/**
 * The last revision of a release, which must be deployed to be adopted.
 *
 * @param records the release's revisions, in any order; the last one, and the last good one, suffice
 * @param kubeContext the kubeconfig's context, for the command that mends it. Default: its current one
 * @param kubeconfig its path, where the stack names one
 * @returns undefined where there are none
 * @throws UserError when it is not deployed, or of another chart
 */
export function deployedOf(
  records: readonly HelmRecord[],
  { namespace, releaseName }: ReleasePlace,
  kubeContext?: string,
  kubeconfig?: string,
): HelmRecord | undefined {
  const inOrder = records.toSorted((a, b) => a.version - b.version);
  const last = inOrder.at(-1);
  if (last === undefined) {
    return undefined;
  }
  if (last.chart.metadata.name !== chartName) {
    throw new UserError(
      `The release ${releaseName} is of the chart ${last.chart.metadata.name}, and not of Akash's chart ${chartName}.`,
    );
  }
  if (last.info.status !== "deployed") {
    const target = { namespace, kubeContext, kubeconfig };
    const good = inOrder.findLast(isGood);
    const mend =
      good === undefined
        ? `There is none to go back to; remove it, and let Helm install it again: ${helm(target, shell`uninstall ${releaseName}`)}`
        : `If no Helm is at work on it, put the last good one back first: ${helm(target, shell`rollback ${releaseName} ${good.version}`)}`;
    throw new UserError(
      `Revision ${last.version} of the release ${releaseName} is ${last.info.status}, and not deployed. ${mend}`,
    );
  }
  return last;
}

/** Whether a revision has got ready once, so that a rollback can go back to it. */
export function isGood({ info }: HelmRecord): boolean {
  return ["deployed", "superseded"].includes(info.status);
}
