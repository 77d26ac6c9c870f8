import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { emptyCheckpoint, restoreCheckpoint } from "../../../lib/pulumi.ts";

describe("a state that a killed run has emptied", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "checkpoint-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** Runs the command beside a Pulumi that is logged in at a file backend. */
  function restore(url: string): void {
    const whoami = join(directory, "pulumi");
    writeFileSync(whoami, `#!/bin/sh\nprintf '{\\n  "user": "me",\\n  "url": "${url}"\\n}\\n'\n`, {
      mode: 0o755,
    });
    const { status, stderr } = spawnSync("sh", ["-c", restoreCheckpoint("prod")], {
      encoding: "utf8",
      env: { PATH: `${directory}${delimiter}${process.env.PATH ?? ""}`, HOME: directory },
    });
    assert.equal(stderr, "");
    assert.equal(status, 0);
  }

  for (const url of ["file://~", "file:///"]) {
    it(`gets its copy back at ${url}, and no other does`, () => {
      const stacks = join(directory, ".pulumi/stacks");
      for (const [file, text] of [
        ["one/prod.json", ""],
        ["one/prod.json.bak", "the copy"],
        ["two/prod.json", "whole"],
        ["two/prod.json.bak", "older"],
        ["one/staging.json", ""],
      ] as const) {
        mkdirSync(join(stacks, file, ".."), { recursive: true });
        writeFileSync(join(stacks, file), text);
      }
      restore(url === "file://~" ? url : `file://${directory}`);
      const read = (file: string) => readFileSync(join(stacks, file), "utf8");
      assert.equal(read("one/prod.json"), "the copy");
      assert.equal(read("two/prod.json"), "whole");
      assert.equal(read("one/staging.json"), "");
    });
  }

  it("is recognised by what Pulumi says, under the stack's own name", () => {
    const said = "error: failed to load checkpoint: place 1: unexpected end of JSON input";
    assert(emptyCheckpoint(said, "organization/project/prod")?.includes(restoreCheckpoint("prod")));
    assert.equal(emptyCheckpoint("error: the stack is currently locked", "prod"), undefined);
  });
});
