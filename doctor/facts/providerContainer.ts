import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

/** The status of the provider's container: of the pod's containers the first, whatever order their statuses are in. */
export function providerContainer(pod: V1Pod | undefined): V1ContainerStatus | undefined {
  const name = pod?.spec?.containers[0]?.name;
  return pod?.status?.containerStatuses?.find((status) => status.name === name);
}
