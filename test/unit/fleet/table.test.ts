import assert from "node:assert/strict";
import { stripVTControlCharacters, styleText } from "node:util";
import { liveTable, plainLines } from "../../../fleet/display.ts";
import { Progress, type StackProgress } from "../../../fleet/progress.ts";
import { fittingLines, tableLines } from "../../../fleet/table.ts";

const plain = (_style: unknown, text: string) => text;

function row(stack: string, more: Partial<StackProgress> = {}): StackProgress {
  return {
    ...{ stack, state: "waiting", step: "waiting" },
    ...{ certificateExpiry: null, rotateBy: null, worst: null, failure: null, log: null },
    ...more,
  };
}

const done = {
  state: "done",
  step: "rotated",
  worst: "warning",
  certificateExpiry: "2027-02-27T10:00:00.000Z",
  rotateBy: "2027-02-28T00:00:00.000Z",
} as const;

describe("a fleet's table", () => {
  it("has a line for each stack", () => {
    assert.deepEqual(tableLines([row("prod-1", done), row("prod-10")], plain), [
      "stack    step     certificate until  rotate by   worst finding",
      "prod-1   rotated  2027-02-27         2027-02-28  warning",
      "prod-10  waiting  –                  –           –",
    ]);
  });

  it("fits a terminal's width, without counting colours", () => {
    const long = row("prod-1", { state: "running", step: `up: ${"x".repeat(200)}` });
    const painted = tableLines(
      [long],
      (style, text) => styleText(style, text, { validateStream: false }),
      80,
    );
    assert.notEqual(painted[1], stripVTControlCharacters(painted[1] ?? ""));
    for (const line of painted) {
      assert(stripVTControlCharacters(line).length <= 80, line);
    }
    assert.match(stripVTControlCharacters(painted[1] ?? ""), /^prod-1 {2}up: x+…/);
  });

  it("escapes control characters in a name", () => {
    const text = tableLines([row("a\u001b[2J", { step: "b\nc" })], plain).join("|");
    assert(!text.includes("\u001b") && !text.includes("\n"), text);
  });

  it("fits a terminal's height: running, then waiting, then done stacks", () => {
    const rows = [
      ...Array.from({ length: 20 }, (_, index) => row(`done-${index}`, done)),
      row("failed", { state: "failed" }),
      row("running", { state: "running" }),
      ...Array.from({ length: 20 }, (_, index) => row(`waiting-${index}`)),
    ];
    const lines = fittingLines(rows, plain, { width: 80, height: 10 });
    assert.equal(lines.length, 9);
    assert.deepEqual(
      lines.slice(1, -1).map((line) => line.split(" ")[0]),
      ["failed", "running", ...Array.from({ length: 5 }, (_, index) => `waiting-${index}`)],
    );
    assert.equal(lines.at(-1), "and 15 waiting, 20 done");
  });
});

describe("the display of a run", () => {
  it("is a line for each step, without its details, without a terminal", () => {
    let text = "";
    const stacks = ["prod-1", "prod-10"];
    const display = plainLines((more) => (text += more), stacks, plain, true);
    const progress = new Progress(stacks, display.changed);
    progress.tell("prod-1", { state: "running", step: "up" });
    progress.tell("prod-1", { step: "up: creating a" });
    progress.tell("prod-1", { step: "up: creating b" });
    progress.tell("prod-1", { log: "x" });
    progress.tell("prod-10", { state: "running", step: "doctor" });
    display.note("Interrupted");
    assert.equal(text, "prod-1   up\nprod-10  doctor\nInterrupted\n");
    text = "";
    display.end(progress.all);
    assert.match(text, /^\nstack .*\nprod-1 .*\nprod-10 .*\n$/);
  });

  it("is one table updated in place on a terminal", async () => {
    let text = "";
    let drawn = () => undefined as unknown;
    const stream = {
      ...{ columns: 80, rows: 24 },
      write: (more: string) => {
        text += more;
        drawn();
      },
    } as unknown as NodeJS.WriteStream;
    const progress: Progress = new Progress(["a", "b"], (after, before) => {
      display.changed(after, before);
    });
    const display = liveTable(stream, () => progress.all, plain);
    const next = () => new Promise((done) => (drawn = () => done(undefined)));
    const first = next();
    progress.tell("a", { state: "running", step: "up" });
    progress.tell("a", { step: "up: creating x" });
    await first;
    assert.equal(text.match(/^stack/gm)?.length, 1, "each change was drawn");
    assert.match(text, /^stack .*\na {6}up: creating x .*\nb {6}waiting .*\n$/);
    text = "";
    display.note("Interrupted");
    assert(text.startsWith("\x1b[3A\x1b[0JInterrupted\nstack"), JSON.stringify(text));
    text = "";
    display.end(progress.all);
    assert(text.startsWith("\x1b[3A\x1b[0Jstack"), JSON.stringify(text));
  });
});
