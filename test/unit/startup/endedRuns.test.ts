import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The output of a script that loads the SDK like a program. */
async function written(script: string): Promise<string> {
  const preamble = `
    import "./startup/endedRuns.ts";
    import { log } from "@pulumi/pulumi";
    import { getStore } from "@pulumi/pulumi/runtime/state.js";
  `;
  const args = ["--input-type=module", "--eval", preamble + script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  return stdout + stderr;
}

describe("a run that the engine has ended", function () {
  this.timeout(30_000);

  it("is silent from then on", async () => {
    const output = await written(`
      getStore().terminated = true;
      await log.error("an error");
      await log.warn("a warning");
      await log.info("a message");
    `);
    assert.equal(output, "");
  });

  it("prints its earlier messages", async () => {
    const output = await written(`await log.error("an error"); await log.warn("a warning");`);
    assert.match(output, /an error/);
    assert.match(output, /a warning/);
  });
});
