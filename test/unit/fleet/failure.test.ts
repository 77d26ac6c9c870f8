import assert from "node:assert/strict";
import { failureOf, isLockOf, isUnfinishedRotation, listFailure } from "../../../fleet/failure.ts";
import { DoctorFailed } from "../../../fleet/doctorResult.ts";
import { PulumiFailed } from "../../../fleet/pulumiProcess.ts";

const lock = (pid: number, host = "here") =>
  `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n  file:///a/b.json: created by root@${host} (pid ${pid}) at 2026-11-30T04:00:00Z\n`;

function said(output: string, violations: readonly string[] = []): string {
  return failureOf(new PulumiFailed(["up"], output), "prod 1", violations);
}

describe("the failure of a stack", () => {
  it("is Pulumi's message after error:, up to a limit", () => {
    const output = `Updating (prod):\n\nDiagnostics:\n  akash:provider (p):\n    error: no zone\n      in the project\n\nResources:\n    3 unchanged\n`;
    assert.equal(said(output), "error: no zone\n  in the project");
    const many = Array.from({ length: 30 }, (_, index) => `error: ${index}`).join("\n");
    assert.equal(said(many).split("\n").length, 13);
    assert.match(said(many), /\nand 18 more lines$/);
    assert.equal(said("panic: \u001b[2J\n"), "panic: \\u001b[2J");
  });

  it("is the policy violations, if any", () => {
    assert.equal(said("error: preview failed", ["Policy a/b: No."]), "Policy a/b: No.");
  });

  it("is a lock, or a truncated state, with the command", () => {
    assert.match(said(lock(1)), /locked.*: pulumi cancel 'prod 1'$/);
    assert.match(
      said("error: failed to load checkpoint: place 1: unexpected end of JSON input"),
      /empty or truncated.* one step older: find /,
    );
  });

  it("to list the stacks is a missing login, or Pulumi's message with the command that checks each stack", () => {
    assert.match(
      listFailure("error: PULUMI_ACCESS_TOKEN must be set for login during"),
      /^Pulumi is not logged in\..*: pulumi login --local$/,
    );
    assert.equal(
      listFailure("error: EOF\n"),
      "Pulumi cannot list the stacks: error: EOF\nTo see whose state cannot be read: npm run fleet -- doctor",
    );
  });

  it("is the doctor's message, or that of any error", () => {
    assert.equal(
      failureOf(new DoctorFailed("no cluster"), "a", []),
      "The doctor could not check the stack: no cluster",
    );
    assert.equal(failureOf(new Error("else"), "a", []), "else");
  });

  it("may be the run's own lock, by process and machine", () => {
    assert(isLockOf(lock(7), 7, "here"));
    assert(!isLockOf(lock(7), 8, "here"));
    assert(!isLockOf(lock(7, "there"), 7, "here"));
    assert(!isLockOf(lock(7) + lock(8), 7, "here"));
    assert(!isLockOf("error: [409] Conflict: Another update is currently in progress", 7, "here"));
  });

  it("may be a rotation that is half done", () => {
    assert(
      isUnfinishedRotation("… Finish the rotation first, without --replace: pulumi up -s prod"),
    );
    assert(!isUnfinishedRotation("error: no"));
  });
});
