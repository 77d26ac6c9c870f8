import type { V1ObjectMeta, V1Secret } from "@kubernetes/client-node";
import { chartName } from "../../chart/release.ts";
import { helm } from "../../lib/clusterCommand.ts";
import { decodeRecord } from "../../lib/helmRecord.ts";
import { shell } from "../../lib/shell.ts";

/**
 * Where Akash's chart is deployed instead of where it was looked for.
 *
 * @param deployed the Secrets of the deployed revisions in the cluster that were looked into; undefined where one may not see them
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

/** How many releases are looked into; a platform's cluster may have thousands, of up to a megabyte each. */
const mostReleases = 50;

/**
 * The releases that may be of Akash's chart, by the metadata of their Secrets, which does not say the chart: those with a
 * telling name first, and no more than are worth reading for a hint.
 */
export function likeliest(deployed: readonly V1ObjectMeta[]): readonly V1ObjectMeta[] {
  const rank = ({ namespace = "", labels }: V1ObjectMeta) =>
    /akash|provider/.test(`${namespace} ${labels?.name ?? ""}`) ? 0 : 1;
  return deployed.toSorted((a, b) => rank(a) - rank(b)).slice(0, mostReleases);
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
