import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAtomically } from "../../../lib/files.ts";

describe("files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "files-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs code in a process with the folder for temporary files, which is killed at the end. */
  function killedAfter(code: string): void {
    const { signal, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", `${code}; process.kill(process.pid, "SIGKILL");`],
      { encoding: "utf8", env: { ...process.env, TMPDIR: folder } },
    );
    assert.equal(signal, "SIGKILL", stderr);
  }
  const temporary = `
    import { temporaryDirectory, temporaryFile } from "./lib/files.ts";
    temporaryFile("import.json", "{}"); temporaryDirectory();`;

  it("outside the project are deleted by the next run after a killed one", () => {
    const foreign = ["akash-notes", "akash-other-host-1-abc"];
    foreign.forEach((name) => {
      writeFileSync(join(folder, name), "");
    });
    killedAfter(temporary);
    const left = readdirSync(folder).filter((name) => !foreign.includes(name));
    assert.equal(left.length, 2);
    killedAfter(temporary);
    const now = readdirSync(folder);
    assert.equal(now.length, foreign.length + 2);
    assert(
      left.every((name) => !now.includes(name)),
      now.join(),
    );
  });

  it("outside the project cannot be read by other users", () => {
    killedAfter(temporary);
    for (const name of readdirSync(folder)) {
      assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
    }
  });

  it("have the old or the new content, without temporary files", () => {
    const file = join(folder, "state");
    writeAtomically(file, "old");
    const { pid } = spawnSync("true");
    // The files of a killed process, and of a running one.
    writeFileSync(`${file}.${pid}.tmp`, "ne");
    writeFileSync(`${file}.${process.ppid}.tmp`, "ne");
    writeAtomically(file, "new", 0o755);
    assert.equal(readFileSync(file, "utf8"), "new");
    assert.equal(statSync(file).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(folder).sort(), ["state", `state.${process.ppid}.tmp`]);
    assert.throws(() => {
      writeAtomically(folder, "a folder is there");
    });
    assert(!readdirSync(join(folder, "..")).some((name) => name.startsWith(`${folder}.`)));
  });
});
