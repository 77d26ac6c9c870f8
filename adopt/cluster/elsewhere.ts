import type { V1Secret } from "@kubernetes/client-node";
import { chartName } from "../../chart/release.ts";
import { helm } from "../../lib/clusterCommand.ts";
import { decodeRecord } from "../../lib/helmRecord.ts";
import { shell } from "../../lib/shell.ts";

/**
 * Where Akash's chart is deployed instead of where it was looked for.
 *
 * @param deployed the Secrets of all deployed revisions in the cluster; undefined where one may not see them
 * @param kubeContext the kubeconfig's context in which they were looked for. Default: its current one
 * @param kubeconfig its path, where the stack names one
 */
export function elsewhereText(
  deployed: readonly V1Secret[] | undefined,
  kubeContext?: string,
  kubeconfig?: string,
): string {
  if (deployed === undefined) {
    return "Say where it is with --namespace and --release: the kubeconfig's user may not look into the other namespaces.";
  }
  const found = deployed.flatMap(placeOptions);
  return found.length === 0
    ? `Say where it is with --namespace and --release. All that there are: ${helm({ kubeContext, kubeconfig }, shell`list -A`)}`
    : `Akash's chart is deployed elsewhere; add ${found.join(", or ")}.`;
}

function placeOptions(secret: V1Secret): string[] {
  try {
    const { name, chart } = decodeRecord(secret);
    return chart.metadata.name === chartName
      ? [shell`--namespace ${secret.metadata?.namespace ?? ""} --release ${name}`]
      : [];
  } catch {
    // Another's record that cannot be read must not hide the one that is looked for.
    return [];
  }
}
