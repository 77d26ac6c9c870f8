import assert from "node:assert/strict";
import { fleetLine } from "../../../fleet/arguments.ts";
import type { StackProgress } from "../../../fleet/progress.ts";
import { closingLines, outcomeOf, sameCommand } from "../../../fleet/report.ts";
import { shell } from "../../../lib/shell.ts";

const plain = (_style: unknown, text: string) => text;

function row(stack: string, state: StackProgress["state"], failure: string | null = null) {
  const log = failure === null ? null : `.fleet/logs/${stack}.log`;
  const times = { certificateExpiry: null, rotateBy: null, worst: null };
  return { stack, state, step: "", failure, log, ...times };
}

describe("the outcome of a fleet's run", () => {
  it("is done, failed or interrupted", () => {
    assert.equal(outcomeOf([{ state: "done" }, { state: "done" }]), "done");
    assert.equal(outcomeOf([{ state: "done" }, { state: "waiting" }]), "interrupted");
    assert.equal(outcomeOf([{ state: "waiting" }, { state: "failed" }]), "failure");
  });

  it("is printed below the table, with the command that continues", () => {
    const rows = [
      row("a", "done"),
      row("b", "failed", "error: x\n  y\u001b[2J"),
      row("c", "waiting"),
    ];
    assert.deepEqual(closingLines(rows, shell`npm run fleet -- up`, plain), [
      "",
      "✖ b",
      "  error: x",
      "    y\\u001b[2J",
      "  Pulumi's output: cat .fleet/logs/b.log",
      "",
      "Not started: c.",
      "The same command continues: npm run fleet -- up",
    ]);
    assert.deepEqual(closingLines([row("a", "done")], shell`npm run fleet -- up`, plain), []);
  });

  for (const line of [
    "up",
    "rotate --stacks 'prod-*' --stacks staging --canary staging --concurrency 2 --all --json",
    "rotate --due-within 14 --patience 0 --sandbox -- --dns-server 1.1.1.1 --resolve '*=10.0.0.1'",
    "preview --policy-pack policy",
  ]) {
    it(`names the same command: ${line}`, () => {
      const args = line.split(" ").map((word) => word.replaceAll("'", ""));
      for (const fresh of [[], ["--fresh"]]) {
        const [action = "", ...others] = args;
        const parsed = fleetLine.parse([action, ...fresh, ...others]);
        assert(parsed !== undefined);
        assert.equal(sameCommand(parsed), `npm run fleet -- ${line}`);
      }
    });
  }
});
