import assert from "node:assert/strict";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace } from "../support/workspace.ts";

/** Where the program creates an Output that becomes an input of a resource. */
const place = [
  "components/akashProvider.ts",
  'return pulumi.secret(text).apply((plain) => Buffer.from(plain).toString("base64"));',
] as const;

describe("an error that the program throws in an apply", () => {
  const name = "failures";
  let workspace: Workspace;

  before(async () => {
    workspace = await Workspace.create(await testSandbox(), name, name, {});
  });
  afterEach(() => {
    workspace.restore("components");
  });

  async function refused(thrown: string, run = workspace): Promise<string> {
    const [file, text] = place;
    run.edit(file, text, `return pulumi.secret(text).apply((): string => { throw ${thrown}; });`);
    const { status, output } = await run.pulumi("preview", "-s", name);
    assert.notEqual(status, 0, output);
    assert.doesNotMatch(output, /unhandled exception|error serializing/);
    return output;
  }

  it("is printed as its sentence, once", async () => {
    const output = await refused('new pulumi.RunError("There is no such cluster")');
    const [, diagnostics = ""] = output.split("Diagnostics:");
    assert.equal(diagnostics.split("There is no such cluster").length, 2, output);
    assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
  });

  it("is also printed as a sentence if it is unexpected, with a stack trace only for debugging", async () => {
    const output = await refused('new TypeError("x is not a function")');
    assert.match(
      output,
      /error: TypeError: x is not a function\n\s*This is a defect of the program\./,
    );
    assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
    workspace.restore("components");
    const debugged = await refused(
      'new TypeError("x is not a function")',
      workspace.withEnvironment({ DEBUG: "1" }),
    );
    assert.match(debugged, /\n\s+at .*akashProvider\.ts:/);
  });
});
