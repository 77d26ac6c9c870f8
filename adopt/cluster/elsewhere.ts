import type { V1ObjectMeta, V1Secret } from "@kubernetes/client-node";
import { chartName } from "../../chart/release.ts";
import { helm } from "../../lib/clusterCommand.ts";
import { decodeRecord } from "../../lib/helmRecord.ts";
import { shell } from "../../lib/shell.ts";

/**
 * Where Akash's chart is deployed instead of the expected place.
 *
 * @param deployed the Secrets of the deployed revisions that were read; undefined without the permission to list them
 * @param kubeContext the kubeconfig's context of the search. Default: the current context
 * @param kubeconfig the kubeconfig's path, where the stack names one
 */
export function elsewhereText(
  deployed: readonly V1Secret[] | undefined,
  kubeContext?: string,
  kubeconfig?: string,
): string {
  if (deployed === undefined) {
    return "Name the release with --namespace and --release: the kubeconfig's user may not read the other namespaces.";
  }
  const found = deployed.flatMap(placeOptions);
  return found.length === 0
    ? `Name the release with --namespace and --release. All releases: ${helm({ kubeContext, kubeconfig }, shell`list -A`)}`
    : `Another release has Akash's chart; add ${found.join(", or ")}.`;
}

/** How many releases are read; a platform's cluster may have thousands, of up to a megabyte each. */
const mostReleases = 50;

/**
 * The releases that may be from Akash's chart, by the metadata of their Secrets, which does not contain the chart: those
 * with a matching name first, and no more than {@link mostReleases}.
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
    // An unreadable record of another release must not hide the wanted one.
    return [];
  }
}
