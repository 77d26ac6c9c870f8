import Mocha from "mocha";
import { messageOf } from "../lib/errors.ts";

/** A failed test, hook, check or file. */
export interface Failure {
  /** Its name, with the names of its suites. */
  readonly name: string;
  /** The error's message. */
  readonly reason: string;
}

/** The results of tests. */
export interface Results {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skipped: number;
}

/** Options of a suite. */
export interface SuiteOptions {
  /** Timeout of a test, in milliseconds. */
  readonly timeout: number;
  /** Run only tests whose full name matches. */
  readonly grep?: string | undefined;
  /** Count the tests as skipped, without running them. */
  readonly skip?: boolean;
}

/** Runs the tests in some files in this process. */
export async function runSuite(files: readonly string[], options: SuiteOptions): Promise<Results> {
  const mocha = new Mocha({ timeout: options.timeout, forbidOnly: true });
  mocha.files = [...files];
  if (options.grep !== undefined) {
    mocha.grep(new RegExp(options.grep));
  }
  await mocha.loadFilesAsync();
  if (options.skip === true) {
    return { passed: 0, failures: [], skipped: mocha.suite.total() };
  }
  const failures: Failure[] = [];
  return new Promise((done) => {
    const runner = mocha.run(() => {
      const { passes = 0, pending = 0 } = runner.stats ?? {};
      done({ passed: passes, failures, skipped: pending });
    });
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error: unknown) => {
      failures.push({ name: test.titlePath().join(" › "), reason: messageOf(error) });
    });
  });
}
