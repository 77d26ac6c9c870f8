import type { WatchedCondition, WatchedObject } from "../../facts/wildcard.ts";

/** What a controller says of an object, or undefined where it says nothing of that. */
export function conditionOf({ status }: WatchedObject, type: string): WatchedCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the controller has said something of an object as it is now. */
export function hasBeenLookedAt(object: WatchedObject): boolean {
  const ready = conditionOf(object, "Ready");
  return (
    ready !== undefined && (ready.observedGeneration ?? 0) >= (object.metadata?.generation ?? 0)
  );
}

/** Whether a Certificate's order has come to its end, and none has been begun since. */
export function isReady(certificate: WatchedObject): boolean {
  return (
    hasBeenLookedAt(certificate) &&
    conditionOf(certificate, "Ready")?.status === "True" &&
    conditionOf(certificate, "Issuing")?.status !== "True"
  );
}

/** When an object was changed last, but for what its controller says of it. */
export function changedAt({ metadata }: WatchedObject): Date | undefined {
  const times = [
    metadata?.creationTimestamp,
    ...(metadata?.managedFields ?? [])
      .filter(({ subresource }) => subresource !== "status")
      .map(({ time }) => time),
  ].flatMap((time) => (time === undefined ? [] : new Date(time).getTime()));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
