import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { printableLine } from "../lib/printable.ts";

/** What a resource undergoes, in the words of the table. */
const verbs: Readonly<Record<string, string>> = {
  create: "creating",
  update: "updating",
  delete: "deleting",
  replace: "replacing",
  "create-replacement": "replacing",
  "delete-replaced": "deleting the former",
  import: "importing",
  read: "reading",
  refresh: "refreshing",
};

/**
 * What the engine is at, in a few words.
 *
 * @returns undefined for an event that begins nothing, or leaves a resource as it is
 */
export function stepOf({ resourcePreEvent }: EngineEvent): string | undefined {
  if (resourcePreEvent === undefined) {
    return undefined;
  }
  const { op, urn } = resourcePreEvent.metadata;
  const verb = verbs[op];
  return verb && `${verb} ${printableLine(nameIn(urn))}`;
}

/** What a policy that is mandatory refuses, in the policy's words; undefined for every other event. */
export function violationOf({ policyEvent }: EngineEvent): string | undefined {
  if (policyEvent?.enforcementLevel !== "mandatory") {
    return undefined;
  }
  const { policyName, policyPackName, resourceUrn, message } = policyEvent;
  const where = resourceUrn === undefined ? "" : ` (${nameIn(resourceUrn)})`;
  // Colours are directives here, `<{%reset%}>` and the like.
  const words = message.replaceAll(/<\{%.*?%\}>/g, "").trim();
  return `Policy ${policyPackName}/${policyName}${where}: ${words}`;
}

/** How many resources change, in words. */
export function changeWords(changes: Readonly<Record<string, number | undefined>>): string {
  const count = Object.entries(changes)
    .filter(([op]) => op !== "same")
    .reduce((sum, [, number = 0]) => sum + number, 0);
  return count === 0 ? "no changes" : `${count} ${count === 1 ? "change" : "changes"}`;
}

/** The resource's name, the last part of its URN. */
function nameIn(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
