import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStackConfig } from "../../../lib/stackFile.ts";

describe("a stack's configuration in its file", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "stack-file-"));
    mkdirSync(join(directory, "stacks"));
    writeFileSync(join(directory, "Pulumi.yaml"), "name: mine\nstackConfigDir: stacks\n");
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("has full keys, for each of Pulumi's spellings in the file", () => {
    writeFileSync(
      join(directory, "stacks/Pulumi.home.yaml"),
      [
        "config:",
        "  domain: example.com",
        "  mine:email: you@example.com",
        "  mine:config:chart: ./a:b",
        "  dns: { provider: cloudflare }",
        "  gcp:project: p",
        "  kubernetes:config:context: c",
        "",
      ].join("\n"),
    );
    assert.deepEqual(readStackConfig(directory, "acme/mine/home"), {
      "mine:domain": "example.com",
      "mine:email": "you@example.com",
      "mine:chart": "./a:b",
      "mine:dns": { provider: "cloudflare" },
      "gcp:project": "p",
      "kubernetes:context": "c",
    });
  });

  it("is empty without a file, or with an empty one", () => {
    assert.deepEqual(readStackConfig(directory, "none"), {});
    writeFileSync(join(directory, "stacks/Pulumi.bare.yaml"), "config:\n");
    assert.deepEqual(readStackConfig(directory, "bare"), {});
  });
});
