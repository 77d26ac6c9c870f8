import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
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

  /**
   * Runs the command beside a Pulumi that is logged in at a file backend.
   *
   * @returns what the command printed
   */
  function repair(url: string, path = `${directory}${delimiter}${process.env.PATH ?? ""}`): string {
    const whoami = join(directory, "pulumi");
    writeFileSync(whoami, `#!/bin/sh\nprintf '{\\n  "user": "me",\\n  "url": "${url}"\\n}\\n'\n`, {
      mode: 0o755,
    });
    const { stderr } = spawnSync("sh", ["-c", repairCheckpoint("prod")], {
      encoding: "utf8",
      env: { PATH: path, HOME: directory },
    });
    return stderr;
  }

  for (const url of ["file://~", "file:///", "file:///?no_tmp_dir=true"]) {
    it(`is restored from its backup at ${url}, and no other state is`, () => {
      const stacks = join(directory, ".pulumi/stacks");
      const [state, backup, cut] = ['{"version": 3}', '{"version": 2}', '{"version": 3, "checkp'];
      const forms = [
        ["plain", ".json", (text: string) => Buffer.from(text)],
        ["gzip", ".json.gz", gzipSync],
        ["zstd", ".json.zst", zstdCompressSync],
      ] as const;
      for (const [form, ending, written] of forms) {
        for (const [project, content] of [
          ["whole", written(state)],
          ["cut-off", form === "plain" ? cut : written(state).subarray(0, -9)],
          ["empty", ""],
        ] as const) {
          const file = join(stacks, `${form}-${project}`, `prod${ending}`);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, content);
          writeFileSync(`${file}.bak`, written(backup));
          writeFileSync(`${file}.attrs`, project === "whole" ? "" : '{"user');
        }
      }
      const staging = join(stacks, "plain-empty/staging.json");
      writeFileSync(staging, "");
      writeFileSync(`${staging}.attrs`, "");
      assert.equal(repair(url.replace("file:///", `file://${directory}`)), "");
      for (const [form, ending, written] of forms) {
        const read = (project: string) =>
          readFileSync(join(stacks, `${form}-${project}`, `prod${ending}`));
        assert.deepEqual(read("whole"), written(state), form);
        assert.deepEqual(read("cut-off"), written(backup), form);
        assert.deepEqual(read("empty"), written(backup), form);
      }
      assert.equal(readFileSync(staging, "utf8"), "");
      assert.deepEqual(
        globSync("*/*.attrs", { cwd: stacks }),
        ["plain-empty/staging.json.attrs"],
        "Pulumi fails if the attributes are incomplete",
      );
    });
  }

  /** Writes a state and its backup; returns the state's path. */
  function writeState(state: string, backup: string): string {
    const stack = join(directory, ".pulumi/stacks/p");
    const file = join(stack, "prod.json");
    mkdirSync(stack, { recursive: true });
    writeFileSync(file, state);
    writeFileSync(`${file}.bak`, backup);
    return file;
  }

  it("is not replaced by an incomplete backup, which the command reports", () => {
    const file = writeState('{"version": 3, "che', "");
    assert.match(repair("file://~"), /p\/prod\.json\.bak: Unexpected end of JSON input\n$/);
    assert.equal(readFileSync(file, "utf8"), '{"version": 3, "che');
  });

  for (const [what, node] of [
    ["fails", "#!/bin/sh\nexit 9\n"],
    ["is missing", undefined],
  ] as const) {
    it(`is kept if it is whole and Node ${what}`, () => {
      const file = writeState('{"version": 3}', '{"version": 2}');
      for (const tool of ["find", "sed", "cp", "rm", "sh"]) {
        const { stdout } = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
        symlinkSync(stdout.trim(), join(directory, tool));
      }
      if (node !== undefined) {
        writeFileSync(join(directory, "node"), node, { mode: 0o755 });
      }
      repair("file://~", directory);
      assert.equal(readFileSync(file, "utf8"), '{"version": 3}');
    });
  }

  it("is recognized by Pulumi's messages, under the stack's own name", () => {
    for (const reason of [
      "EOF",
      'blob (key ".pulumi/stacks/p/prod.json") (code=Unknown): unexpected EOF',
      "place 1: unexpected end of JSON input",
      'blob (key ".pulumi/stacks/p/prod.json") (code=Unknown): EOF',
      "corrupt stream, did not find end of stream",
      "place 1: invalid character '\\x00' looking for",
    ]) {
      const said = `error: failed to load checkpoint: ${reason}`;
      const told = backendFailure(said, "organization/project/prod");
      assert(told?.includes(repairCheckpoint("prod")), reason);
    }
    for (const other of [
      "error: the stack is currently locked",
      "error: failed to fetch https://example.test/provider-1.tgz: unexpected EOF",
    ]) {
      assert.equal(backendFailure(other, "prod"), undefined, other);
    }
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
