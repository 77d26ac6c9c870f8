import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { resourceHook } from "../../../components/hook.ts";
import { makeSentence } from "../../../startup/failures.ts";

/** Clears the screen, and prints the following text from right to left. */
const foreign = "16 ok\u001b[2J\u202e";
const shown = "16 ok\\u001b[2J\\u202e";

describe("a control character in a text from another source", () => {
  it("is printed as an escape in the program's messages", async () => {
    const script = `
      import "./startup/printableMessages.ts";
      import { log } from "@pulumi/pulumi";
      const text = ${JSON.stringify(foreign)};
      await log.error(text); await log.warn(text); await log.info(text);
    `;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      ...["--input-type=module", "--eval"],
      script,
    ]);
    assert.equal((stdout + stderr).split(shown).length - 1, 3);
    assert(!(stdout + stderr).includes("\u001b"));
  }).timeout(30_000);

  it("is printed as an escape in the program's errors, also in a hook", async () => {
    const error = new pulumi.RunError(foreign);
    makeSentence(error);
    assert.equal(error.message, shown);
    const hook = resourceHook("x", () => {
      throw new pulumi.RunError(foreign);
    });
    await assert.rejects(
      async () => hook.callback({} as pulumi.ResourceHookArgs),
      (thrown) => pulumi.RunError.isInstance(thrown) && thrown.message === shown,
    );
  });
});
