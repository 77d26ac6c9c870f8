import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseValues } from "../../adopt/file/readValues.ts";
import { mapLeaves } from "../../lib/tree.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import { plainScalars } from "../support/yamlValues.ts";

const run = promisify(execFile);

describe("values as they are written", () => {
  let directory: string;
  let helm: string;

  before(async function () {
    this.timeout(600_000);
    directory = mkdtempSync(join(tmpdir(), "values-"));
    helm = (await ensurePrograms(["helm"], silentReporter)).get("helm")?.path ?? "helm";
    mkdirSync(join(directory, "templates"));
    writeFileSync(
      join(directory, "Chart.yaml"),
      "apiVersion: v2\nname: values\nversion: 1.0.0\ntype: application\n",
    );
    writeFileSync(
      join(directory, "templates/values.yaml"),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: values }\ndata: { values: {{ omit .Values "global" | toJson | quote }} }\n',
    );
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  /** A values file as Helm's own parser reads it. */
  async function readByHelm(text: string): Promise<unknown> {
    const file = join(directory, "file.yaml");
    writeFileSync(file, text);
    const { stdout } = await run(helm, ["template", "values", directory, "-f", file]);
    const [, values = ""] = /values: (".*")/.exec(stdout) ?? [];
    return JSON.parse(JSON.parse(values) as string);
  }

  /**
   * Asserts that Helm reads a file in the same way; for a number that no double represents, Helm has lost digits
   * that are kept here.
   */
  async function assertReadAlike(text: string): Promise<void> {
    const rounded = (values: unknown) =>
      mapLeaves(values, (leaf) =>
        typeof leaf === "string" && /^-?\d{16,}$/.test(leaf) ? Number(leaf) : leaf,
      );
    assert.deepEqual(rounded(parseValues(text, "file.yaml")), rounded(await readByHelm(text)));
  }

  it("are read as Helm reads them: every plain scalar, as a value, in a list and as a key", async () => {
    const text = [
      "as:",
      ...plainScalars.map(([scalar], index) => `  v${index}: ${scalar}`),
      "list:",
      ...plainScalars.map(([scalar]) => `- ${scalar}`),
      "keys:",
      ...plainScalars
        // Helm has no keys of unsigned numbers, and << merges.
        .filter(([scalar, value]) => value !== null && value !== 2n ** 64n - 1n && scalar !== "<<")
        .map(([scalar], index) => `  k${index}: { ${scalar}: 1 }`),
      "quoted:",
      ...plainScalars.map(([scalar], index) => `  q${index}: "${scalar}"`),
      "",
    ].join("\n");
    await assertReadAlike(text);
  });

  it("are read as Helm reads them: tags, merges, repeated keys, blocks, and text that YAML 1.2 would read differently", async () => {
    const text = `---
tags: { a: !!str 0744, b: !!int "0744", c: !!float 3, d: !!binary aGk=, e: !!timestamp 2024-01-15, f: !own 12 }
base: &base { x: 1, y: 2, z: 22:30 }
merged: { <<: *base, x: 3 }
several: { <<: [{ x: 5 }, *base] }
repeated: 1
repeated: 0o17
blocks:
  literal: |
    0744
  folded: >-
    yes
    no
  "on": on
  ? off
  : off
empty:
`;
    await assertReadAlike(text);
  });
});
