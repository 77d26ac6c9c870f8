import { chartName } from "../../chart/release.ts";
import { helm } from "../../lib/clusterCommand.ts";
import { UserError } from "../../lib/errors.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import { shell } from "../../lib/shell.ts";

/** The place of the provider's release. */
export interface ReleasePlace {
  readonly namespace: string;
  readonly releaseName: string;
}

/**
 * The last revision of a release, which must be deployed to be adopted.
 *
 * @param records the release's revisions, in any order; the last one, and the last good one, suffice
 * @param kubeContext the kubeconfig's context, for the command that fixes it. Default: the current context
 * @param kubeconfig the kubeconfig's path, where the stack names one
 * @returns undefined without revisions
 * @throws UserError when the revision is not deployed, or from another chart
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
      `The release ${releaseName} is from the chart ${last.chart.metadata.name}, and not from Akash's chart ${chartName}.`,
    );
  }
  if (last.info.status !== "deployed") {
    const target = { namespace, kubeContext, kubeconfig };
    const good = inOrder.findLast(isGood);
    const fix =
      good === undefined
        ? `There is no revision to roll back to; uninstall the release, and install it again: ${helm(target, shell`uninstall ${releaseName}`)}`
        : `If no Helm process works on the release, roll back to the last good revision first: ${helm(target, shell`rollback ${releaseName} ${good.version}`)}`;
    throw new UserError(
      `Revision ${last.version} of the release ${releaseName} is ${last.info.status}, and not deployed. ${fix}`,
    );
  }
  return last;
}

/** Whether a revision was ready once, so that a rollback to it is possible. */
export function isGood({ info }: HelmRecord): boolean {
  return ["deployed", "superseded"].includes(info.status);
}
