import type { WatchedCondition, WatchedObject } from "../../facts/wildcard.ts";

/** A condition in the status of an object; undefined if its controller has not set it. */
export function conditionOf({ status }: WatchedObject, type: string): WatchedCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the controller has processed the present generation of an object. */
export function isObserved(object: WatchedObject): boolean {
  const ready = conditionOf(object, "Ready");
  return (
    ready !== undefined && (ready.observedGeneration ?? 0) >= (object.metadata?.generation ?? 0)
  );
}

/** Whether a Certificate's order is complete, and no other has started since. */
export function isReady(certificate: WatchedObject): boolean {
  return (
    isObserved(certificate) &&
    conditionOf(certificate, "Ready")?.status === "True" &&
    conditionOf(certificate, "Issuing")?.status !== "True"
  );
}

/** When an object was last changed, apart from its status. */
export function changedAt({ metadata }: WatchedObject): Date | undefined {
  const times = [
    metadata?.creationTimestamp,
    ...(metadata?.managedFields ?? [])
      .filter(({ subresource }) => subresource !== "status")
      .map(({ time }) => time),
  ].flatMap((time) => (time === undefined ? [] : new Date(time).getTime()));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
