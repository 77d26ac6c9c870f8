import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStackFile } from "../../../adopt/stackFile.ts";
import { ownName } from "../../../lib/stackFile.ts";

describe("a stack's file", () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "adopt-test-"));
    mkdirSync(join(directory, "stacks"));
    writeFileSync(join(directory, "Pulumi.yaml"), "name: mine\nstackConfigDir: stacks\n");
    writeFileSync(
      join(directory, "stacks/Pulumi.prod.yaml"),
      [
        "config:",
        "  mine:chart: ./chart",
        "  mine:walletKey: { secure: v1:x }",
        "  mine:dns: { provider: cloudflare, apiToken: { secure: v1:y } }",
        "  cloudflare:baseUrl: http://127.0.0.1",
        "",
      ].join("\n"),
    );
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("tells the program's settings, and which are encrypted", () => {
    assert.deepEqual(readStackFile(directory, "prod"), {
      settings: { chart: "./chart" },
      encrypted: ["walletKey", "dns"],
    });
  });

  it("tells what it says to the Kubernetes plugin", () => {
    const lines =
      "config:\n  kubernetes:context: prod\n  kubernetes:kubeconfig: { secure: v1:z }\n";
    writeFileSync(join(directory, "stacks/Pulumi.other.yaml"), lines);
    const { kubernetes } = readStackFile(directory, "other");
    assert.deepEqual(kubernetes, { context: "prod", kubeconfig: { secure: "v1:z" } });
  });

  it("is found by the stack's own name", () => {
    assert.equal(ownName("acme/mine/prod"), "prod");
    assert.equal(readStackFile(directory, "acme/prod").settings.chart, "./chart");
  });

  it("says nothing where there is none", () => {
    assert.deepEqual(readStackFile(directory, "staging"), { settings: {}, encrypted: [] });
  });
});
