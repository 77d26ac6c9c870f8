import assert from "node:assert/strict";
import { initCommand, previewCommand } from "../../../adopt/plan.ts";
import { failureText } from "../../../adopt/pulumi.ts";

const identity = { project: "akash-provider-letsencrypt", stack: "operator/prod" };

describe("the failure of a Pulumi command", () => {
  for (const command of [initCommand(identity), previewCommand(identity)]) {
    it(`of pulumi ${command.args.slice(0, 2).join(" ")} names the stack of the lock`, () => {
      const text = failureText(command, "error: the stack is currently locked by 1 lock(s).\n");
      assert.match(text, /: pulumi cancel operator\/prod$/);
    });
  }

  it("prints only Pulumi's errors, and does not mention locks without one", () => {
    assert.equal(
      failureText(previewCommand(identity), "Previewing update\nerror: no such zone\n\nResources:"),
      "pulumi preview -s operator/prod --diff failed:\n  error: no such zone",
    );
  });

  it("reports that the settings exceed the limit of Linux, for the messages of Node and Go", () => {
    for (const words of ["spawn E2BIG", "fork/exec /usr/bin/node: argument list too long"]) {
      const text = failureText(previewCommand(identity), `    error: ${words}\n`);
      assert.match(text, /limits to 128 KiB: .*: pulumi config -s operator\/prod --json \| wc -c$/);
    }
  });

  it("prints all lines of an error, once, and nothing else", () => {
    const output = [
      "Updating (prod):",
      " +  pulumi:pulumi:Stack mine-prod creating error: The configuration of stack prod has a problem.",
      "Diagnostics:",
      "  pulumi:pulumi:Stack (mine-prod):",
      "    warning: something else",
      "      that is long",
      "    error: The configuration of stack prod has a problem. Nothing was changed.",
      "      email is missing",
      "          pulumi config set -s prod email you@example.com",
      "",
      "  kubernetes:core/v1:Secret (provider-wallet):",
      "    error: no",
      "Resources:",
      "    1 unchanged",
      "error: no",
      "Duration: 3s",
    ].join("\n");
    assert.equal(
      failureText(previewCommand(identity), output),
      [
        "pulumi preview -s operator/prod --diff failed:",
        "  error: The configuration of stack prod has a problem. Nothing was changed.",
        "    email is missing",
        "        pulumi config set -s prod email you@example.com",
        "  error: no",
      ].join("\n"),
    );
  });

  it("names the command that restores a state that a killed run truncated", () => {
    const output =
      "error: failed to load checkpoint: place 1: unexpected end of JSON input\nerror: place 1: unexpected end of JSON input\n";
    const text = failureText(previewCommand(identity), output);
    assert.match(
      text,
      /\nThe file with the stack's state, or the file \.attrs beside it, is empty or truncated: .* -name prod\.json -o /,
    );
  });
});
