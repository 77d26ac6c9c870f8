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

  it("has keys in full, whichever spelling of Pulumi's they have in the file", () => {
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

  it("is empty where there is no file, or nothing in it", () => {
    assert.deepEqual(readStackConfig(directory, "none"), {});
    writeFileSync(join(directory, "stacks/Pulumi.bare.yaml"), "config:\n");
    assert.deepEqual(readStackConfig(directory, "bare"), {});
  });
});
