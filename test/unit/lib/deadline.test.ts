import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { NoAnswer, withDeadline } from "../../../lib/deadline.ts";

describe("a deadline", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  /** Blocks this process for a while, like loading modules on a busy machine. */
  function block(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }

  it("ends work that takes longer, and aborts its signal", async () => {
    let told: unknown;
    const began = Date.now();
    const never = withDeadline(200, (signal) => {
      signal.addEventListener("abort", () => {
        told = signal.reason;
      });
      return new Promise(() => undefined);
    });
    await assert.rejects(never, /^NoAnswer: no answer within 0\.2 s$/);
    assert(told instanceof NoAnswer);
    assert(Date.now() - began >= 190);
  });

  it("does not count time in which this process could not read a response", async () => {
    server = createServer((_request, response) => response.end("answer"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const answer = withDeadline(200, async (signal) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { signal });
      return response.text();
    });
    block(600);
    assert.equal(await answer, "answer");
  });

  it("returns the work's result, or throws its error", async () => {
    assert.equal(await withDeadline(1_000, () => Promise.resolve(7)), 7);
    await assert.rejects(
      withDeadline(1_000, () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
  });
});
