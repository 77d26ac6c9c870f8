import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

/** The status of the provider's container, the first container of the pod; statuses may be in another order. */
export function providerContainer(pod: V1Pod | undefined): V1ContainerStatus | undefined {
  const name = pod?.spec?.containers[0]?.name;
  return pod?.status?.containerStatuses?.find((status) => status.name === name);
}
