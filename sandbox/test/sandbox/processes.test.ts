import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { identify, isAlive, type ProcessIdentity } from "../../../lib/processIdentity.ts";
import {
  liveParts,
  logFile,
  membershipVariable,
  PartError,
  startPart,
  stopParts,
  type Part,
} from "../../processes/parts.ts";
import { temporaryDirectory } from "./temporary.ts";
import { waitFor } from "../../processes/wait.ts";

describe("processes", function () {
  const directory = temporaryDirectory();

  function part(script: string, options: Partial<Part> = {}): Part {
    return {
      name: "part",
      command: "sh",
      args: ["-c", script],
      ready: () => Promise.resolve(true),
      ...options,
    };
  }

  function recorded(): ProcessIdentity {
    const text = readFileSync(join(directory(), "run", "part.json"), "utf8");
    return (JSON.parse(text) as { identity: ProcessIdentity }).identity;
  }

  async function sleeper(environment: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const child = spawn("sleep", ["60"], { env: { ...process.env, ...environment } });
    await once(child, "spawn");
    return child;
  }

  afterEach(async function () {
    await stopParts(directory());
  });

  it("starts a part, lists it as alive, and stops it", async function () {
    await startPart(directory(), part("echo hello; exec sleep 60"));
    assert.deepEqual(liveParts(directory()), ["part"]);
    await waitFor(() => readFileSync(logFile(directory(), "part"), "utf8").includes("hello"), {
      what: "the part's output",
      timeout: 5_000,
    });
    const identity = recorded();
    assert.deepEqual(await stopParts(directory()), ["part"]);
    assert(!isAlive(identity));
    assert.deepEqual(liveParts(directory()), []);
    assert.deepEqual(readdirSync(join(directory(), "run")), []);
  });

  it("detects a failure caused by a port in use", async function () {
    const taken = part("echo listen tcp 127.0.0.1:1: bind: address already in use; exit 1", {
      ready: () => Promise.resolve(false),
    });
    await assert.rejects(
      startPart(directory(), taken),
      (error) => error instanceof PartError && error.portTaken,
    );
  });

  it("shows the end of the log of a part that ends before it is ready", async function () {
    const failing = part("echo no such option; exit 3", { ready: () => Promise.resolve(false) });
    await assert.rejects(startPart(directory(), failing), (error) => {
      assert(error instanceof PartError);
      assert.equal(error.part, "part");
      assert.match(error.message, /part ended \(exit code 3\)[^]*no such option/);
      return true;
    });
  });

  it("fails if a part is not ready in time, with the part's last response", async function () {
    const slow = part("exec sleep 60", {
      ready: () => Promise.reject(new Error("connection refused")),
      timeout: 300,
    });
    await assert.rejects(startPart(directory(), slow), /was not ready within .*connection refused/);
  });

  it("reports a missing program", async function () {
    const missing = part("", { command: join(directory(), "missing") });
    await assert.rejects(startPart(directory(), missing), /part does not start: .*ENOENT/);
  });

  it("does not end a process that reuses the number of a part", async function () {
    const other = await sleeper();
    const identity = identify(other.pid ?? 0);
    assert(identity !== undefined);
    mkdirSync(join(directory(), "run"));
    const record = { name: "part", identity: { ...identity, started: "before the reboot" } };
    writeFileSync(join(directory(), "run", "part.json"), JSON.stringify(record));
    try {
      assert.deepEqual(liveParts(directory()), []);
      assert.deepEqual(await stopParts(directory()), []);
      assert(isAlive(identity));
    } finally {
      other.kill("SIGKILL");
    }
  });

  it("ends a process of the sandbox without a pid file, but no process of another sandbox", async function () {
    if (process.platform !== "linux") {
      this.skip();
    }
    const stray = await sleeper({ [membershipVariable]: directory() });
    const foreign = await sleeper({ [membershipVariable]: `${directory()}-2` });
    try {
      assert.deepEqual(await stopParts(directory()), ["sleep"]);
      assert.equal(identify(stray.pid ?? 0), undefined);
      assert.notEqual(identify(foreign.pid ?? 0), undefined);
    } finally {
      foreign.kill("SIGKILL");
    }
  });
});
