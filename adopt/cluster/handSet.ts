import { isDeepStrictEqual } from "node:util";
import type { V1Container, V1EnvVar, V1StatefulSet } from "@kubernetes/client-node";
import { objectsIn, parseManifest } from "../../chart/manifest.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";

/** A field of the provider's pod that was set by hand, and that the release does not contain. */
export interface HandSet {
  readonly container: string;
  /** Name of the variable, or the container's image. */
  readonly name: string;
  /**
   * Whether the next upgrade keeps it: an entry that only the cluster has stays, and an entry that the chart has, too, gets
   * the chart's value (helm.sh/helm/v3, pkg/kube/client.go, three-way merge; entries of `env` are merged by name).
   */
  readonly isKept: boolean;
}

/**
 * The environment variables and images that `kubectl set env`, `kubectl set image` or `kubectl edit` set in the provider's
 * pod. Returns names and no values.
 *
 * @param live the StatefulSet in the cluster
 */
export function handSet(release: HelmRecord, live: V1StatefulSet | undefined): readonly HandSet[] {
  const rendered = objectsIn(parseManifest(release.manifest)).find(
    ({ kind, metadata }) => kind === "StatefulSet" && metadata?.name === live?.metadata?.name,
  ) as V1StatefulSet | undefined;
  const before = containersOf(rendered);
  return rendered === undefined
    ? []
    : [...containersOf(live).values()].flatMap((container) => {
        const known = before.get(container.name);
        return known === undefined ? [] : differencesOf(known, container);
      });
}

function containersOf(statefulSet: V1StatefulSet | undefined): ReadonlyMap<string, V1Container> {
  const { containers = [], initContainers = [] } = statefulSet?.spec?.template.spec ?? {};
  return new Map(
    [...containers, ...initContainers].map((container) => [container.name, container]),
  );
}

function differencesOf(rendered: V1Container, live: V1Container): HandSet[] {
  const { name: container } = live;
  const chart = variablesOf(rendered);
  const present = variablesOf(live);
  const variables = [...new Set([...chart.keys(), ...present.keys()])]
    .filter((name) => !isDeepStrictEqual(chart.get(name), present.get(name)))
    .map((name) => ({ container, name, isKept: !chart.has(name) }));
  return rendered.image === live.image
    ? variables
    : [...variables, { container, name: "image", isKept: false }];
}

/** The API server omits an empty value. */
function variablesOf({ env = [] }: V1Container): ReadonlyMap<string, unknown> {
  return new Map(
    env.map(({ name, value, valueFrom }: V1EnvVar) => [
      name,
      valueFrom === undefined ? (value ?? "") : sourceOf(valueFrom),
    ]),
  );
}

/** A source without the fields that the API server adds. */
function sourceOf({ fieldRef, ...others }: NonNullable<V1EnvVar["valueFrom"]>): unknown {
  return JSON.parse(
    JSON.stringify({ ...others, ...(fieldRef && { fieldRef: { fieldPath: fieldRef.fieldPath } }) }),
  );
}
