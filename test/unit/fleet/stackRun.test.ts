import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import type { Changes, FleetStack, RunOptions } from "../../../fleet/automation.ts";
import type { Entry } from "../../../fleet/journal.ts";
import { DoctorFailed, type DoctorResult } from "../../../fleet/doctorResult.ts";
import { Progress } from "../../../fleet/progress.ts";
import { PulumiFailed } from "../../../fleet/pulumiProcess.ts";
import { runStack, type StackRunOptions } from "../../../fleet/stackRun.ts";
import { identify } from "../../../lib/processIdentity.ts";

const day = 24 * 60 * 60 * 1_000;
const healthy: DoctorResult = { worst: "ok", certificateExpiry: null, rotateBy: null, errors: [] };
const ill: DoctorResult = { ...healthy, worst: "error", errors: ["No certificate. Mend it: x"] };

/** A stack whose credential gets a new date at each replacement. */
class Stack implements FleetStack {
  /** What was called, in order. */
  readonly calls: string[] = [];
  /** The results of the program's runs, in order; further runs succeed. */
  readonly failures: (PulumiFailed | undefined)[] = [];
  rotateBy = new Date(Date.now() + 30 * day).toISOString();
  createdAt = 1;
  hasCredential = true;
  /** Whether the next run without --replace finishes a started rotation. */
  isHalfDone = false;

  create = () => this.called("create");
  cancel = () => this.called("cancel");
  preview = (options: RunOptions) => this.run("preview", options);
  up = (options: RunOptions) => this.run("up", options);

  outputs = () => {
    const rotate = "pulumi up -s a --replace '**::dns-key'";
    const { rotateBy } = this;
    const credential = { createdAt: `at ${this.createdAt}`, rotateBy, rotate };
    return Promise.resolve(this.hasCredential ? { credential } : {});
  };

  private called(what: string): Promise<void> {
    this.calls.push(what);
    return Promise.resolve();
  }

  private run(kind: string, { replace = [] }: RunOptions): Promise<Changes> {
    this.calls.push([kind, ...replace].join(" "));
    const failure = this.failures.shift();
    if (failure !== undefined) {
      return Promise.reject(failure);
    }
    if (replace.length > 0 || this.isHalfDone) {
      this.createdAt += 1;
      this.isHalfDone = false;
    }
    return Promise.resolve({ update: 2, same: 9 });
  }
}

/** Runs a stack, and returns the result. */
async function run(
  stack: Stack,
  more: Partial<StackRunOptions> & { looks?: (DoctorResult | Error)[] },
) {
  const begun: Partial<Entry>[] = [];
  const steps: string[] = [];
  const { looks = [], ...others } = more;
  const progress = new Progress(["a"], ({ step }) => steps.push(step));
  const ended = await runStack({
    ...{ action: "up", stack: "a", directory: "/p", log: "/p/.fleet/a.log", policyPacks: [] },
    ...{ rotateAll: false, dueWithin: 0, patience: 0, isThere: true, progress },
    open: () => Promise.resolve(stack),
    look: () => {
      stack.calls.push("doctor");
      const next = looks.shift() ?? healthy;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    issue: undefined,
    former: undefined,
    begin: (entry = {}) => begun.push(entry),
    stopping: new AbortController().signal,
    interrupting: new AbortController().signal,
    ...others,
  });
  return { ...ended, begun, steps };
}

const failed = (output: string) => new PulumiFailed(["up"], output);
const finishFirst = failed("error: Finish the rotation first, without --replace: pulumi up -s a");

describe("one stack of a fleet", () => {
  it("is previewed without the doctor", async () => {
    const stack = new Stack();
    const { state, step } = await run(stack, { action: "preview" });
    assert.deepEqual([state, step], ["done", "2 changes"]);
    assert.deepEqual(stack.calls, ["preview"]);
  });

  it("is updated, and the doctor checks it", async () => {
    const stack = new Stack();
    const look = { ...healthy, worst: "warning", certificateExpiry: "2027-01-01" } as const;
    const { state, step, worst, certificateExpiry, log } = await run(stack, { looks: [look] });
    assert.deepEqual([state, step, worst], ["done", "up, 2 changes", "warning"]);
    assert.deepEqual([certificateExpiry, log], ["2027-01-01", ".fleet/a.log"]);
    assert.deepEqual(stack.calls, ["up", "doctor"]);
  });

  it("is created only by up where it does not exist", async () => {
    const stack = new Stack();
    await run(stack, { isThere: false });
    assert.deepEqual(stack.calls, ["create", "up", "doctor"]);
    for (const action of ["preview", "rotate"] as const) {
      const { state, failure } = await run(new Stack(), { action, isThere: false });
      assert.equal(state, "failed");
      assert.match(failure ?? "", /stack a does not exist yet.*pulumi stack init a$/);
    }
  });

  it("fails with Pulumi's message, and then the doctor does not run", async () => {
    const stack = new Stack();
    stack.failures.push(failed("error: no zone\n"));
    const { state, failure } = await run(stack, {});
    assert.deepEqual([state, failure], ["failed", "error: no zone"]);
    assert.deepEqual(stack.calls, ["up"]);
  });

  it("fails with the doctor's errors, or where the doctor cannot check it", async () => {
    const { state, step, failure, worst } = await run(new Stack(), { looks: [ill] });
    assert.deepEqual([state, worst], ["failed", "error"]);
    assert.deepEqual([step, failure], ["up, 2 changes; the doctor finds errors", ill.errors[0]]);
    const blind = await run(new Stack(), { looks: [new DoctorFailed("no cluster")] });
    assert.deepEqual(
      [blind.state, blind.failure],
      ["failed", "The doctor could not check the stack: no cluster"],
    );
  });

  it("has time to get its certificate, unless the run is stopping, or only the doctor runs", async () => {
    const stack = new Stack();
    const stopping = new AbortController();
    const progress = new Progress(["a"], ({ step }) => {
      if (step.startsWith("doctor: checks again")) {
        stopping.abort();
      }
    });
    const ended = await run(stack, {
      ...{ patience: 60_000, stopping: stopping.signal, progress },
      looks: [ill, healthy],
    });
    assert.equal(ended.state, "done");
    assert.deepEqual(stack.calls, ["up", "doctor", "doctor"]);
    const looked = await run(new Stack(), { action: "doctor", patience: 60_000, looks: [ill] });
    assert.equal(looked.state, "failed");
  });

  it("waits for the Pulumi process of the previous run", async () => {
    const former = spawn("sleep", ["60"]);
    const process = identify(former.pid ?? 0);
    assert(process !== undefined);
    const entry: Entry = { state: "running", digest: "", process };
    const progress = new Progress(["a"], ({ step }) => {
      if (step.startsWith("waiting for the previous run")) {
        former.kill();
      }
    });
    const ended = once(former, "exit");
    const stack = new Stack();
    await run(stack, { former: entry, progress });
    await ended;
    assert.deepEqual(stack.calls, ["up", "doctor"]);
  });

  it("loses only the lock of the previous run", async () => {
    const lock = (pid: number) =>
      failed(
        `error: the stack is currently locked by 1 lock(s).\n  f: created by a@${hostname()} (pid ${pid}) at 2026\n`,
      );
    const former: Entry = { state: "running", digest: "", process: { pid: 2 ** 30, started: "" } };
    const own = new Stack();
    own.failures.push(lock(2 ** 30));
    assert.equal((await run(own, { former })).state, "done");
    assert.deepEqual(own.calls, ["up", "cancel", "up", "doctor"]);
    const others = new Stack();
    others.failures.push(lock(1));
    const { state, failure } = await run(others, { former });
    assert.equal(state, "failed");
    assert.match(failure ?? "", /The stack is locked.*pulumi cancel a$/);
  });

  describe("that is rotated", () => {
    it("stays unchanged where nothing is due, and is checked", async () => {
      const stack = new Stack();
      const { step, begun } = await run(stack, { action: "rotate" });
      assert.equal(step, "not due");
      assert.deepEqual(stack.calls, ["doctor"]);
      assert.deepEqual(begun, [{}]);
      stack.hasCredential = false;
      const none = await run(stack, { action: "rotate", rotateAll: true });
      assert.equal(none.step, "no credential to rotate");
    });

    it("gets a new credential if it is due, due soon, or all are requested", async () => {
      for (const more of [{ dueWithin: 31 }, { rotateAll: true }]) {
        const stack = new Stack();
        const { step, begun } = await run(stack, { action: "rotate", ...more });
        assert.equal(step, "rotated");
        assert.deepEqual(stack.calls, ["up **::dns-key", "doctor"]);
        assert.deepEqual(begun, [{}, { replaces: "at 1" }]);
      }
      const due = new Stack();
      due.rotateBy = new Date().toISOString();
      assert.equal((await run(due, { action: "rotate" })).step, "rotated");
    });

    it("is rotated once where the previous run was killed during the rotation", async () => {
      const former: Entry = { state: "running", digest: "", replaces: "at 1" };
      const halfDone = new Stack();
      halfDone.isHalfDone = true;
      const first = await run(halfDone, { action: "rotate", former, rotateAll: true });
      assert.equal(first.step, "rotated, as started before");
      assert.deepEqual(halfDone.calls, ["up", "doctor"]);
      const notBegun = new Stack();
      await run(notBegun, { action: "rotate", former });
      assert.deepEqual(notBegun.calls, ["up", "up **::dns-key", "doctor"]);
    });

    it("finishes an earlier rotation first, and counts it", async () => {
      const halfDone = new Stack();
      halfDone.isHalfDone = true;
      halfDone.failures.push(finishFirst);
      await run(halfDone, { action: "rotate", rotateAll: true });
      assert.deepEqual(halfDone.calls, ["up **::dns-key", "up", "doctor"]);
      const old = new Stack();
      old.failures.push(finishFirst);
      await run(old, { action: "rotate", rotateAll: true });
      assert.deepEqual(old.calls, ["up **::dns-key", "up", "up **::dns-key", "doctor"]);
    });
  });
});
