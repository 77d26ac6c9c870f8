import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { identify, ownIdentity } from "../../../lib/processIdentity.ts";
import { withLock } from "../../processes/lock.ts";
import { canMount, onDisk } from "../../../test/support/smallDisk.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("withLock", function () {
  const directory = temporaryDirectory();
  const lock = () => join(directory(), "lock");

  it("holds the lock during the work, and leaves no files", async function () {
    const result = await withLock(lock(), () => Promise.resolve(existsSync(lock())));
    assert.equal(result, true);
    assert.deepEqual(readdirSync(directory()), []);
  });

  it("releases the lock when the work fails", async function () {
    await assert.rejects(
      withLock(lock(), () => Promise.reject(new Error("failed"))),
      /failed/,
    );
    assert.deepEqual(readdirSync(directory()), []);
  });

  it("takes over the lock of a dead process", async function () {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(lock(), JSON.stringify({ pid, started: "long ago" }));
    assert.equal(await withLock(lock(), () => Promise.resolve("done")), "done");
  });

  it("takes over a lock whose process number belongs to another process", async function () {
    writeFileSync(lock(), JSON.stringify({ ...ownIdentity(), started: "before the reboot" }));
    assert.equal(await withLock(lock(), () => Promise.resolve("done")), "done");
  });

  it("takes over an unreadable lock", async function () {
    writeFileSync(lock(), '{"pid":');
    assert.equal(await withLock(lock(), () => Promise.resolve("done")), "done");
  });

  it("waits for a live process, reports it once, and continues when the process has ended", async function () {
    const holder = spawn("sleep", ["60"]);
    await once(holder, "spawn");
    writeFileSync(lock(), JSON.stringify(identify(holder.pid ?? 0)));
    const waits: number[] = [];
    const result = await withLock(lock(), () => Promise.resolve("done"), {
      onWait: ({ pid }) => {
        waits.push(pid);
        holder.kill("SIGKILL");
      },
    });
    assert.equal(result, "done");
    assert.deepEqual(waits, [holder.pid]);
  });

  it("reports at once why the lock cannot be acquired, if waiting does not help", async function () {
    this.timeout(20_000);
    const code = `
      import { runCommand } from "./lib/errors.ts";
      import { withLock } from "./sandbox/processes/lock.ts";
      await runCommand(() => withLock(process.env.FOLDER + "/lock", async () => 0));`;
    if (canMount()) {
      for (const [kind, reason] of [
        ["full", /^The lock \S+lock cannot be acquired\. \S+ cannot be written: no space is left/],
        [
          "read-only",
          /^The lock \S+lock cannot be acquired\. \S+ cannot be written: its file system/,
        ],
      ] as const) {
        const { status, stderr } = onDisk(directory(), kind, code);
        assert.equal(status, 1, kind);
        assert.match(stderr, reason);
      }
    }
    writeFileSync(join(directory(), "file"), "");
    await assert.rejects(
      withLock(join(directory(), "file", "folder", "lock"), () => Promise.resolve()),
      /^UserError: The lock \S+folder\/lock cannot be acquired\. ENOTDIR: not a directory/,
    );
  });

  it("reports at once that its folder belongs to another user", function () {
    this.timeout(20_000);
    const lock = join(directory(), "closed", "lock");
    mkdirSync(join(directory(), "closed"), { mode: 0o500 });
    const code = `
      import { runCommand } from "./lib/errors.ts";
      import { withLock } from "./sandbox/processes/lock.ts";
      process.getuid() === 0 && process.setuid(65534);
      await runCommand(() => withLock(${JSON.stringify(lock)}, async () => 0));`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^The lock \S+lock cannot be acquired\. \S+ cannot be used: permission denied \(EACCES\)\. Its permissions: ls -ld \S+\n$/,
    );
  });

  it("gives up on a live process after the timeout", async function () {
    const holder = spawn("sleep", ["60"]);
    await once(holder, "spawn");
    try {
      writeFileSync(lock(), JSON.stringify(identify(holder.pid ?? 0)));
      await assert.rejects(
        withLock(lock(), () => Promise.resolve(), { timeout: 300 }),
        /The lock .*, held by another process, was not ready within/,
      );
      assert(existsSync(lock()));
    } finally {
      holder.kill("SIGKILL");
    }
  });
});
