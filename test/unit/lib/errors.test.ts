import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineProblem } from "../../../lib/errors.ts";
import { canMount, onDisk } from "../../support/smallDisk.ts";

describe("a failure of the machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "a disk "));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const writing = `
    import { runCommand } from "./lib/errors.ts";
    import { writeAtomically } from "./lib/files.ts";
    await runCommand(async () => {
      writeAtomically(process.env.FOLDER + "/state", "x".repeat(9000));
      return 0;
    });`;

  it("is a sentence where the disk is full, or cannot be written", function () {
    if (!canMount()) {
      this.skip();
    }
    assert.deepEqual(onDisk(folder, "full", writing), {
      status: 1,
      stderr: `${folder}/state cannot be written: no space is left (ENOSPC). Free some space, and run the same command again. Space in use: df -h '${folder}'\n`,
    });
    const { status, stderr } = onDisk(folder, "read-only", writing);
    assert.equal(status, 1);
    assert.equal(
      stderr.replace(/state\.\d+\.tmp/, "state"),
      `${folder}/state cannot be written: its file system is read-only (EROFS). The file system: df '${folder}'\n`,
    );
  });

  it("is a sentence where a program's arguments exceed the system's limit", () => {
    const { error } = spawnSync("true", ["x".repeat(4_000_000)]);
    assert.match(
      machineProblem(error) ?? "",
      /^true does not start: its arguments and the environment are longer than the system allows \(E2BIG\)/,
    );
  });

  it("is undefined for a defect of the program", () => {
    assert.equal(machineProblem(new TypeError("x is not a function")), undefined);
    assert.equal(machineProblem(Object.assign(new Error("gone"), { code: "ENOENT" })), undefined);
    assert.equal(machineProblem("ENOSPC"), undefined);
  });
});
