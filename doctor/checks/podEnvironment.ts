import { containerEnvironment, type PodTemplate } from "../../chart/objects.ts";
import type { Context } from "../check.ts";
import { NotAvailable } from "../finding.ts";

/**
 * The plain environment of the provider's container, composed from the pod and its ConfigMaps like by the kubelet.
 *
 * @throws NotAvailable when there is no pod
 */
export async function podEnvironment({
  expected: { names },
  cluster,
}: Pick<Context, "expected" | "cluster">): Promise<Readonly<Record<string, string>>> {
  const pod = await cluster.pod();
  if (pod?.spec === undefined) {
    throw new NotAvailable(`there is no pod ${names.pod}`);
  }
  const template = { spec: pod.spec as unknown as PodTemplate["spec"] };
  const statefulSet = {
    kind: "StatefulSet",
    metadata: { name: names.fullname },
    spec: { template },
  };
  const configMaps = (pod.spec.containers[0]?.envFrom ?? []).flatMap(
    ({ configMapRef }) => configMapRef?.name ?? [],
  );
  const live = await Promise.all(
    configMaps.map(async (name) => {
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
      // Objects that the client reads by type have no kind.
      return { ...object, ...(await cluster.live(object)), kind: "ConfigMap" };
    }),
  );
  return containerEnvironment([statefulSet, ...live], names);
}
