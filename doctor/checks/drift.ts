import type { KubernetesObject } from "../../chart/manifest.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { differences } from "./differences.ts";
import { applyAgain } from "./mend.ts";

const missing: Problem = {
  id: "object-missing",
  severity: "error",
  title: "An object of the release is missing",
  why: "Somebody has deleted it. Neither Helm nor Pulumi puts it back before the release changes.",
  command: applyAgain,
};

const changed: Problem = {
  id: "object-changed",
  severity: "warning",
  title: "An object is not as the release has applied it",
  why: "Somebody has changed it by hand, or another tool has. The next change of the release may or may not undo that.",
  command: applyAgain,
};

/** The objects as deployed against the release's manifest. */
export const drift: Check = {
  id: "objects",
  group: "Release",
  title: "The objects are as the release has applied them",
  problems: [missing, changed],
  run: async ({ expected, cluster }) => {
    const objects = objectsOf(await deployedRevision(cluster));
    const compared = await Promise.all(
      objects.map(async (object) => compare(object, await cluster.live(object), expected)),
    );
    return { found: compared.flat(), seen: `${objects.length} objects` };
  },
};

function compare(
  applied: KubernetesObject,
  live: KubernetesObject | undefined,
  expected: Expectation,
): Finding[] {
  const subject = `${applied.kind ?? ""}/${applied.metadata?.name ?? ""}`;
  if (live === undefined) {
    return [found(missing, expected, { subject, expected: subject, seen: "not there" })];
  }
  // A Secret's content is nobody's to print.
  const show = (value: unknown) =>
    applied.kind === "Secret" ? "…" : JSON.stringify(value ?? null);
  const fields = differences(applied, live).filter(
    // Charts give objects that belong to no namespace one as well, which the API server drops.
    ({ path, live }) => !(path === "metadata.namespace" && live === undefined),
  );
  return fields.length === 0
    ? []
    : [
        found(changed, expected, {
          subject,
          expected: list(fields.map(({ path, applied }) => `${path} ${show(applied)}`)),
          seen: list(fields.map(({ path, live }) => `${path} ${show(live)}`)),
        }),
      ];
}

/** How many fields are shown, and how much of each. */
const shown = 5;
const width = 160;

function list(fields: readonly string[]): string {
  const lines = fields
    .slice(0, shown)
    .map((field) => (field.length > width ? `${field.slice(0, width)}…` : field));
  return [...lines, ...(fields.length > shown ? [`and ${fields.length - shown} more`] : [])].join(
    "; ",
  );
}
