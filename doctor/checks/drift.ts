import type { KubernetesObject } from "../../chart/manifest.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { differences, type Difference } from "./differences.ts";
import { applyAgain } from "./remedies.ts";
import { restoreCommand } from "./restoreCommand.ts";

const missing: Problem = {
  id: "object-missing",
  severity: "error",
  title: "An object of the release is missing",
  why: "The object was deleted by hand or by another tool. Neither Helm nor Pulumi restores it before the release changes.",
  command: applyAgain,
};

const changed: Problem = {
  id: "object-changed",
  severity: "warning",
  title: "An object differs from the release's manifest",
  why: "The object was changed by hand or by another tool. The next change of the release may or may not revert this.",
  command: applyAgain,
};

/** Compares the live objects with the release's manifest. */
export const drift: Check = {
  id: "objects",
  group: "Release",
  title: "The objects match the release's manifest",
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
    return [found(missing, expected, { subject, expected: subject, seen: "missing" })];
  }
  const fields = differences(applied, live).filter(
    // Charts set a namespace on cluster-scoped objects, too, and the API server drops it.
    ({ path, live }) => !(path === "metadata.namespace" && live === undefined),
  );
  if (fields.length === 0) {
    return [];
  }
  // The content of a Secret is never printed.
  const show = (value: unknown) =>
    applied.kind === "Secret" ? "…" : JSON.stringify(value ?? null);
  // One line per field, so that the fields of both sides align.
  const list = (side: "applied" | "live") =>
    fields.map((field: Difference) => `${field.path} ${show(field[side])}`).join("\n");
  return [
    found(changed, expected, {
      subject,
      expected: list("applied"),
      seen: list("live"),
      command: restoreCommand(applied, fields, expected),
    }),
  ];
}
