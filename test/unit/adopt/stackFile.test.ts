import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownName, readStackFile } from "../../../adopt/stackFile.ts";

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

  it("tells its values as Pulumi hands them over, dates as they are written", () => {
    const lines = [
      "config:",
      "  mine:namespace: 12345678",
      "  mine:website: yes",
      "  mine:chainid: 2026-12-01",
      "  mine:timeout: 0744",
      "  mine:node:",
      "  mine:values:",
      "    a: 9007199254740993",
      "    b: [2026-12-01 00:00:00 +0000 UTC, 2026-12-01, 22:30, on]",
      "    c: 10000000",
      "    d: null",
      "",
    ].join("\n");
    writeFileSync(join(directory, "stacks/Pulumi.written.yaml"), lines);
    assert.deepEqual(readStackFile(directory, "written").settings, {
      namespace: "12345678",
      website: "yes",
      chainid: "2026-12-01",
      timeout: "484",
      node: "",
      values: {
        a: "9007199254740993",
        b: ["2026-12-01 00:00:00 +0000 UTC", "2026-12-01", "22:30", "on"],
        c: 10000000,
        d: null,
      },
    });
  });

  it("is found by the stack's own name", () => {
    assert.equal(ownName("acme/mine/prod"), "prod");
    assert.equal(readStackFile(directory, "acme/prod").settings.chart, "./chart");
  });

  it("says nothing where there is none", () => {
    assert.deepEqual(readStackFile(directory, "staging"), { settings: {}, encrypted: [] });
  });
});
