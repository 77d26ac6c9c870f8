import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** Runs a script of the project as the npm scripts do, without a terminal. */
export function runScript(script: string, ...args: readonly string[]) {
  const { DEBUG: _, ...env } = process.env;
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env });
}

/** The responses of a command to its arguments. */
export interface Answers {
  /** The beginning of its help text, after `Usage: `. */
  readonly usage: string;
  /** Its exit code for wrong usage. */
  readonly code: number;
  /** Invalid arguments, and the error for each. */
  readonly wrong: readonly (readonly [args: readonly string[], sentence: RegExp])[];
}

/** Tests that a command prints its help text, and refuses invalid arguments with an error. */
export function testsOfCommand(script: string, { usage, code, wrong }: Answers): void {
  it(`${script} prints its help text`, function () {
    const { status, stdout, stderr } = runScript(script, "--help");
    assert.equal(stderr, "");
    assert.equal(status, 0);
    assert(stdout.startsWith(`Usage: ${usage}`), stdout);
    assert.match(stdout, new RegExp(`\n  ${code}  .*wrong usage`));
  });

  for (const [args, sentence] of wrong) {
    it(`${script} refuses ${args.join(" ") || "nothing"}`, function () {
      const { status, stdout, stderr } = runScript(script, ...args);
      assert.equal(stdout, "");
      assert.match(stderr, sentence);
      assert.match(stderr, / See npm [a-z -]+ --help\.\n$/);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(status, code);
    });
  }
}
