import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { backendFailure, repairCheckpoint } from "../../../lib/pulumi.ts";

describe("a state that a killed run or a full disk truncated", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "checkpoint-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** Runs the command beside a Pulumi that is logged in at a file backend. */
  function repair(url: string): void {
    const whoami = join(directory, "pulumi");
    writeFileSync(whoami, `#!/bin/sh\nprintf '{\\n  "user": "me",\\n  "url": "${url}"\\n}\\n'\n`, {
      mode: 0o755,
    });
    const { status, stderr } = spawnSync("sh", ["-c", repairCheckpoint("prod")], {
      encoding: "utf8",
      env: { PATH: `${directory}${delimiter}${process.env.PATH ?? ""}`, HOME: directory },
    });
    assert.equal(stderr, "");
    assert.equal(status, 0);
  }

  for (const url of ["file://~", "file:///", "file:///?no_tmp_dir=true"]) {
    it(`is restored from its backup at ${url}, and no other state is`, () => {
      const stacks = join(directory, ".pulumi/stacks");
      for (const [file, text] of [
        ["empty/prod.json", ""],
        ["empty/prod.json.bak", "the copy"],
        ["cut-off/prod.json", '{"version": 3, "checkpoint": {"stack": "org'],
        ["cut-off/prod.json.bak", "the other copy"],
        ["whole/prod.json", '{"version": 3}'],
        ["whole/prod.json.bak", "older"],
        ["empty/staging.json", ""],
        ["compressed/prod.json.gz", gzipSync('{"version": 3}').subarray(0, -9)],
        ["compressed/prod.json.gz.bak", "the compressed copy"],
        ["compressed-whole/prod.json.gz", gzipSync('{"version": 3}')],
        ["compressed-whole/prod.json.gz.bak", "older"],
        ["zstd/prod.json.zst", zstdCompressSync('{"version": 3}').subarray(0, -9)],
        ["zstd/prod.json.zst.bak", "the other compressed copy"],
        ["zstd-whole/prod.json.zst", zstdCompressSync('{"version": 3}')],
        ["zstd-whole/prod.json.zst.bak", "older"],
        ["whole/prod.json.attrs", ""],
        ["compressed-whole/prod.json.gz.attrs", '{"user'],
        ["empty/staging.json.attrs", ""],
      ] as const) {
        mkdirSync(join(stacks, file, ".."), { recursive: true });
        writeFileSync(join(stacks, file), text);
      }
      repair(url.replace("file:///", `file://${directory}`));
      const read = (file: string) => readFileSync(join(stacks, file), "utf8");
      assert.equal(read("empty/prod.json"), "the copy");
      assert.equal(read("cut-off/prod.json"), "the other copy");
      assert.equal(read("whole/prod.json"), '{"version": 3}');
      assert.equal(read("empty/staging.json"), "");
      assert.equal(read("compressed/prod.json.gz"), "the compressed copy");
      assert.notEqual(read("compressed-whole/prod.json.gz"), "older");
      assert.equal(read("zstd/prod.json.zst"), "the other compressed copy");
      assert.notEqual(read("zstd-whole/prod.json.zst"), "older");
      assert.deepEqual(
        globSync("*/*.attrs", { cwd: stacks }),
        ["empty/staging.json.attrs"],
        "Pulumi fails if the attributes are incomplete",
      );
    });
  }

  it("is recognized by Pulumi's messages, under the stack's own name", () => {
    for (const reason of [
      "EOF",
      'blob (key ".pulumi/stacks/p/prod.json") (code=Unknown): unexpected EOF',
      "place 1: unexpected end of JSON input",
      "place 1: invalid character '\\x00' looking for",
    ]) {
      const said = `error: failed to load checkpoint: ${reason}`;
      const told = backendFailure(said, "organization/project/prod");
      assert(told?.includes(repairCheckpoint("prod")), reason);
    }
    assert.equal(backendFailure("error: the stack is currently locked", "prod"), undefined);
  });
});

describe("a Pulumi that is not logged in", () => {
  it("is recognized by Pulumi's messages, and both logins are named", () => {
    for (const said of [
      "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
      "error: this command requires logging in; try running `pulumi login` first",
    ]) {
      assert.match(
        backendFailure(said, "prod") ?? "",
        /^Pulumi is not logged in\. .*: pulumi login\. .*: pulumi login --local$/,
      );
    }
  });
});
