import assert from "node:assert/strict";
import { inWaves } from "../../../fleet/waves.ts";

/** Stacks whose runs the test ends. */
class Runs {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, (mayGoOn: boolean) => void>();
  stopped = false;

  start(stacks: readonly string[], canary: string, concurrency: number) {
    return inWaves({
      ...{ stacks, canary, concurrency },
      stopped: () => this.stopped,
      run: (stack) => {
        this.begun.push(stack);
        return new Promise((end) => this.ends.set(stack, end));
      },
    });
  }

  async end(stack: string, mayGoOn = true): Promise<void> {
    this.ends.get(stack)?.(mayGoOn);
    // The next stacks start within a few turns of the event loop.
    await new Promise(setImmediate);
  }
}

describe("waves of stacks", () => {
  const stacks = ["a", "b", "c", "d", "e"];

  it("begin with the canary alone, and continue with several at a time", async () => {
    const runs = new Runs();
    const all = runs.start(stacks, "c", 2);
    assert.deepEqual(runs.begun, ["c"]);
    await runs.end("c");
    assert.deepEqual(runs.begun, ["c", "a", "b"]);
    await runs.end("b");
    assert.deepEqual(runs.begun, ["c", "a", "b", "d"]);
    await runs.end("a");
    await runs.end("d");
    await runs.end("e");
    assert.deepEqual(await all, []);
    assert.deepEqual(runs.begun, ["c", "a", "b", "d", "e"]);
  });

  it("end with the canary where it fails", async () => {
    const runs = new Runs();
    const all = runs.start(stacks, "a", 3);
    await runs.end("a", false);
    assert.deepEqual(await all, ["b", "c", "d", "e"]);
    assert.deepEqual(runs.begun, ["a"]);
  });

  it("start no other after a failure, and finish running ones", async () => {
    const runs = new Runs();
    const all = runs.start(stacks, "a", 2);
    await runs.end("a");
    await runs.end("b", false);
    let ended = false;
    void all.then(() => (ended = true));
    await new Promise(setImmediate);
    assert(!ended, "what runs was left alone");
    await runs.end("c");
    assert.deepEqual(await all, ["d", "e"]);
  });

  it("start no other once they are stopped, nor the canary", async () => {
    const runs = new Runs();
    const all = runs.start(stacks, "a", 2);
    await runs.end("a");
    runs.stopped = true;
    await runs.end("b");
    await runs.end("c");
    assert.deepEqual(await all, ["d", "e"]);
    const later = new Runs();
    later.stopped = true;
    assert.deepEqual(await later.start(["a"], "a", 1), ["a"]);
  });
});
