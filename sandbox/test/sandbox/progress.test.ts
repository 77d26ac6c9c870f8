import assert from "node:assert/strict";

import { createReporter, formatSeconds, withStep } from "../../processes/progress.ts";

describe("progress", function () {
  const noColor = process.env.NO_COLOR;
  beforeEach(function () {
    delete process.env.NO_COLOR;
  });
  afterEach(function () {
    if (noColor === undefined) {
      delete process.env.NO_COLOR;
    } else {
      process.env.NO_COLOR = noColor;
    }
  });

  function record(isTTY: boolean) {
    const written: string[] = [];
    let time = 0;
    const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) };
    const reporter = createReporter(stream, () => time);
    const advance = (milliseconds: number) => {
      time += milliseconds;
    };
    return { reporter, advance, text: () => written.join("") };
  }

  it("prints plain lines without a terminal", function () {
    const { reporter, advance, text } = record(false);
    const step = reporter.step("Build etcd", 30);
    step.update("downloading");
    step.update("compiling");
    advance(1_500);
    step.done("3 files");
    reporter.note("That is all.");
    assert.equal(text(), "✔ Build etcd: 3 files (1.5 s)\nThat is all.\n");
  });

  it("rewrites one line on a terminal, no longer than it is wide", function () {
    const { reporter, advance, text } = record(true);
    const step = reporter.step("Build etcd", 30);
    advance(75_000);
    step.update("x".repeat(200));
    step.done();
    assert.match(text(), /Build etcd \(0\.0 s of about 30 s\)/);
    assert(!text().includes("x".repeat(60)));
    assert(text().endsWith(" Build etcd (1 min 15 s)\n"));
    assert(text().includes("\u001b[32m✔"));
  });

  it("says when a step takes longer than usual", function () {
    const { reporter, advance, text } = record(true);
    const step = reporter.step("Build etcd", 30);
    advance(30_000);
    step.update("linking");
    assert(text().endsWith("Build etcd: linking (30 s of about 30 s)"), text());
    advance(45_000);
    step.update("linked");
    step.done();
    assert.match(text(), /linked \(1 min 15 s, longer than t/);
  });

  it("uses no color if NO_COLOR is set", function () {
    process.env.NO_COLOR = "1";
    const { reporter, text } = record(true);
    reporter.step("Build etcd").done();
    // The sequence that erases the line is not a color.
    assert.doesNotMatch(text(), /\u001b\[\d*m/);
  });

  it("marks a failed step and rethrows the error", async function () {
    const { reporter, text } = record(false);
    await assert.rejects(
      withStep(reporter, "Chart", () => Promise.reject(new Error("not there"))),
      /not there/,
    );
    assert.equal(text(), "✖ Chart (0.0 s)\n");
  });

  it("writes times in minutes and seconds", function () {
    assert.deepEqual([0.04, 9.94, 12.4, 60, 525].map(formatSeconds), [
      "0.0 s",
      "9.9 s",
      "12 s",
      "1 min 0 s",
      "8 min 45 s",
    ]);
  });
});
