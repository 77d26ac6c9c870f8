import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { workflowFiles, workflows } from "../support/workflows.ts";

/** Jobs that change or read a stack. */
const stackJobs = Object.entries(workflows).flatMap(([name, { jobs }]) =>
  Object.entries(jobs)
    .filter(([, { strategy }]) => strategy !== undefined)
    .map(([job, definition]) => [`${name}/${job}`, definition] as const),
);

/** test/e2e/githubActions.test.ts tests that they run unchanged. */
describe("the workflows for GitHub Actions", () => {
  it("are listed in the README of the example", () => {
    const readme = readFileSync("examples/github-actions/README.md", "utf8");
    for (const file of workflowFiles) {
      assert(readme.includes(file.split("/").at(-1) ?? file), file);
    }
    assert.deepEqual(Object.keys(workflows), ["deploy", "preview", "rotate"]);
    assert.deepEqual(
      stackJobs.map(([name]) => name),
      ["deploy/staging", "deploy/production", "preview/preview", "rotate/rotate"],
    );
  });

  it("pin third-party actions to commits", () => {
    for (const file of workflowFiles) {
      for (const [line] of readFileSync(file, "utf8").matchAll(/^.*uses:.*$/gm)) {
        assert.match(line, /uses: [\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
      }
    }
  });

  it("have only read permissions, and request an identity if they log in", () => {
    for (const [name, { permissions }] of Object.entries(workflows)) {
      assert.deepEqual(permissions, { contents: "read" }, name);
    }
    for (const [name, { permissions, steps }] of stackJobs) {
      assert.deepEqual(permissions, { contents: "read", "id-token": "write" }, name);
      assert(
        steps.some(({ uses }) => uses?.startsWith("google-github-actions/auth@")),
        name,
      );
    }
  });

  for (const [name, { strategy, concurrency, steps, env }] of stackJobs) {
    it(`have one run of a stack at a time, and do not interrupt it: ${name}`, () => {
      assert.equal(concurrency?.group, "pulumi-${{ matrix.stack }}");
      assert.equal(concurrency["cancel-in-progress"], false);
      assert.equal(strategy?.["fail-fast"], false);
      assert.match(strategy.matrix.stack, /^\$\{\{ fromJSON\(needs\.stacks\.outputs\.\w+\) \}\}$/);
      assert.equal(env?.STACK, "${{ matrix.stack }}");
      const commands = steps.flatMap(({ run }) => run ?? []);
      assert.equal(commands[0], "npm ci");
      for (const command of commands) {
        assert.match(command, /^(?:npm (?:ci|run)|pulumi) ?/);
        // An expression in a shell script would become part of the script.
        assert(!command.includes("${{"), command);
      }
    });
  }

  it("wait for staging, and for an approval", () => {
    const production = workflows.deploy?.jobs.production;
    assert.deepEqual(production?.needs, ["stacks", "staging"]);
    assert.equal(production.environment, "production");
    assert.equal(workflows.deploy?.jobs.staging?.environment, undefined);
  });
});
