import type { KubernetesObject } from "../../chart/manifest.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { differences, type Difference } from "./differences.ts";
import { applyAgain } from "./mend.ts";
import { undoing } from "./undoing.ts";

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
  const fields = differences(applied, live).filter(
    // Charts give objects that belong to no namespace one as well, which the API server drops.
    ({ path, live }) => !(path === "metadata.namespace" && live === undefined),
  );
  if (fields.length === 0) {
    return [];
  }
  // A Secret's content is nobody's to print.
  const show = (value: unknown) =>
    applied.kind === "Secret" ? "…" : JSON.stringify(value ?? null);
  // A line for each field, so that those of both sides stand at the same place.
  const list = (side: "applied" | "live") =>
    fields.map((field: Difference) => `${field.path} ${show(field[side])}`).join("\n");
  return [
    found(changed, expected, {
      subject,
      expected: list("applied"),
      seen: list("live"),
      command: undoing(applied, fields, expected),
    }),
  ];
}
