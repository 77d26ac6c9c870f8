import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { runInSession } from "../../../fleet/session.ts";

const directory = ".";
const stdio = ["ignore", "pipe", "pipe"] as const;

describe("a program separate from the terminal", () => {
  it("is in its own session, and returns its output", async () => {
    const { code, signal, result } = await runInSession("sh", ["-c", "ps -o sess= -p $$; exit 3"], {
      ...{ directory, stdio: [...stdio] },
      take: ({ stdout }) => (stdout === null ? Promise.resolve("") : text(stdout)),
    });
    assert.deepEqual([code, signal], [3, null]);
    const { stdout: own } = spawnSync("ps", ["-o", "sess=", "-p", String(process.pid)], {
      encoding: "utf8",
    });
    assert.match(result.trim(), /^\d+$/);
    assert.notEqual(result.trim(), own.trim());
  });

  it("is started again where an interrupt reached it before it was separate", async () => {
    let starts = 0;
    const { code } = await runInSession("sh", ["-c", "sleep 0.05; exit 0"], {
      ...{ directory, stdio: [...stdio] },
      take: (child) => {
        starts += 1;
        return Promise.resolve(starts === 1 && child.kill("SIGINT"));
      },
    });
    assert.deepEqual([code, starts], [0, 2]);
  });

  it("is not started again where it was interrupted on purpose, or ended for another reason", async () => {
    for (const [name, interrupted] of [
      ["SIGINT", true],
      ["SIGKILL", false],
    ] as const) {
      let starts = 0;
      const { signal } = await runInSession("sleep", ["60"], {
        ...{ directory, stdio: [...stdio], interrupted: () => interrupted },
        take: (child) => {
          starts += 1;
          return Promise.resolve(child.kill(name));
        },
      });
      assert.deepEqual([signal, starts], [name, 1]);
    }
  });
});
