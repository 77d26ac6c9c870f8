import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { runScript, testsOfCommand } from "../support/commands.ts";
import { summary } from "../summary.ts";

describe("the runner of the tests", function () {
  this.timeout(60_000);

  testsOfCommand("test/run.ts", {
    usage: "npm test -- [files...] [options]",
    code: 2,
    wrong: [
      [["--gerp", "x"], /Unknown option '--gerp'\. \(Did you mean --grep\?\)/],
      [["--fast=no"], /--fast takes no value/],
      [["--grep", "("], /--grep \( is not a regular expression/],
      [["test/e2e/none.test.ts"], /test\/e2e\/none\.test\.ts is not one of the files/],
      [["test/run.ts"], /test\/run\.ts is not one of the files/],
      [["test/e2e/dns01.test.ts", "--fast"], /dns01\.test\.ts requires the sandbox/],
    ],
  });

  it("runs one file alone, without types and lint", () => {
    const { status, stdout } = runScript("test/run.ts", "./test/unit/lib/clusterCommand.test.ts");
    assert.match(stdout, /^Unit tests\n\n\n {2}a command for the cluster\n/);
    assert.match(stdout, /\n[1-9]\d* passed, 0 failed, 0 skipped\n$/);
    assert.equal(status, 0);
  });

  it("reports in one line what is skipped if the sandbox is not built, and how to build it", () => {
    const { XDG_CACHE_HOME: cache, CI: ci } = process.env;
    process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), "nothing-built-"));
    delete process.env.CI;
    try {
      const { status, stdout } = runScript("test/run.ts", "test/e2e/endings.test.ts");
      assert.match(
        stripVTControlCharacters(stdout),
        /^End-to-end tests\n[1-9]\d* are skipped, because (?:1 program is|[1-9]\d* programs are) not built\. To build in about \d+ min \d+ s: npm run build-sandbox\n0 passed, 0 failed, [1-9]\d* skipped\n$/,
      );
      assert.equal(status, 0);
    } finally {
      rmSync(process.env.XDG_CACHE_HOME, { recursive: true });
      delete process.env.XDG_CACHE_HOME;
      Object.assign(process.env, cache && { XDG_CACHE_HOME: cache }, ci && { CI: ci });
    }
  });

  it("lists the failures at the end, in a few lines, before the counts", () => {
    const failures = [
      {
        name: "a stack › is made",
        reason: Array.from({ length: 20 }, (_, i) => `${i}`).join("\n\n"),
      },
    ];
    const lines = stripVTControlCharacters(
      summary([
        { passed: 2, failures, skipped: 0 },
        { passed: 3, failures: [], skipped: 1 },
      ]),
    ).split("\n");
    assert.deepEqual(lines.slice(0, 3), ["Failed", "✖ a stack › is made", "    0"]);
    assert.deepEqual(lines.slice(-3), ["    11", "    …", "5 passed, 1 failed, 1 skipped"]);
    assert.equal(
      summary([{ passed: 1, failures: [], skipped: 0 }]),
      "1 passed, 0 failed, 0 skipped",
    );
  });

  describe("for parallel files", () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "side-by-side-"));
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    function sideBySide(files: Readonly<Record<string, string>>) {
      const paths = Object.entries(files).map(([name, content]) => {
        const path = join(folder, `${name}.test.js`);
        writeFileSync(path, content);
        return path;
      });
      const jobs = paths.map((path) => ({ name: path, files: [path] }));
      const script = join(folder, "run.mjs");
      writeFileSync(
        script,
        `import { runParallel } from ${JSON.stringify(pathToFileURL("test/parallel.ts"))};
        const options = { workers: 2, timeout: 5_000, grep: undefined };
        const results = await runParallel(${JSON.stringify(jobs)}, options);
        console.log("results", JSON.stringify(results));`,
      );
      const { stdout } = runScript(script);
      const [output = "", results = "[]"] = stdout.split("\nresults ");
      return { output, results: JSON.parse(results) as unknown[] };
    }

    it("counts the tests of each, and shows the output of each in one piece", () => {
      const { output, results } = sideBySide({
        first: `it("passes", () => console.log("said by the first"));
          it.skip("waits");
          it("fails", () => { throw new Error("no", { cause: new Error("the reason") }); });`,
        second: `it("passes", () => undefined);`,
      });
      const expected = [
        { passed: 1, failures: [{ name: "fails", reason: "no" }], skipped: 1 },
        { passed: 1, failures: [], skipped: 0 },
      ];
      // In the order of their ends.
      assert.deepEqual(new Set(results), new Set(expected));
      assert.match(output, /first\.test\.js\n(?:(?!second).)*said by the first/s);
      assert.match(output, /Caused by: Error: the reason/);
    });

    it("names a file whose process dies, with its ended tests, and a file that cannot be loaded", () => {
      const { output, results } = sideBySide({
        dies: `it("had ended", () => undefined); it("dies", () => process.exit(0));`,
        broken: `import "./missing.js";`,
        missing2: `import "./missing2.js";`,
      });
      const expected = ["dies", "broken", "missing2"].map((name) => ({
        passed: 0,
        failures: [
          {
            name: join(folder, `${name}.test.js`),
            reason: `its process ended with ${name === "dies" ? 0 : 1}`,
          },
        ],
        skipped: 0,
      }));
      assert.deepEqual(new Set(results), new Set(expected));
      assert.match(output, /dies\.test\.js\n(?:(?!broken).)*✔ had ended/s);
      assert.match(output, /Cannot find module '.*missing\.js'/);
      assert.match(output, /Cannot find module '.*missing2\.js'/);
    });

    it("does not wait for handles that a test has left open", () => {
      const { results } = sideBySide({
        open: `it("leaves a timer", () => { setInterval(() => undefined, 1_000); });`,
      });
      assert.deepEqual(results, [{ passed: 1, failures: [], skipped: 0 }]);
    });
  });
});
