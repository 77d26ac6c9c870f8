import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { printableLine } from "../lib/printable.ts";

/** The operations on a resource, in the table's terms. */
const verbs: Readonly<Record<string, string>> = {
  create: "creating",
  update: "updating",
  delete: "deleting",
  replace: "replacing",
  "create-replacement": "replacing",
  "delete-replaced": "deleting the previous",
  import: "importing",
  read: "reading",
  refresh: "refreshing",
};

/**
 * The engine's current step.
 *
 * @returns undefined for an event that starts no operation, or leaves a resource unchanged
 */
export function stepOf({ resourcePreEvent }: EngineEvent): string | undefined {
  if (resourcePreEvent === undefined) {
    return undefined;
  }
  const { op, urn } = resourcePreEvent.metadata;
  const verb = verbs[op];
  return verb && `${verb} ${printableLine(nameIn(urn))}`;
}

/** The message of a violated mandatory policy; undefined for every other event. */
export function violationOf({ policyEvent }: EngineEvent): string | undefined {
  if (policyEvent?.enforcementLevel !== "mandatory") {
    return undefined;
  }
  const { policyName, policyPackName, resourceUrn, message } = policyEvent;
  const where = resourceUrn === undefined ? "" : ` (${nameIn(resourceUrn)})`;
  // Colours are directives here, such as `<{%reset%}>`.
  const text = message.replaceAll(/<\{%.*?%\}>/g, "").trim();
  return `Policy ${policyPackName}/${policyName}${where}: ${text}`;
}

/** The number of changed resources, as text. */
export function changeWords(changes: Readonly<Record<string, number | undefined>>): string {
  const count = Object.entries(changes)
    .filter(([op]) => op !== "same")
    .reduce((sum, [, number = 0]) => sum + number, 0);
  return count === 0 ? "no changes" : `${count} ${count === 1 ? "change" : "changes"}`;
}

/** A resource's name, the last part of its URN. */
function nameIn(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
