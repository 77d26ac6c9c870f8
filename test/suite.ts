import Mocha from "mocha";
import { messageOf } from "../lib/errors.ts";

/** A test, a hook, a check or a file that failed. */
export interface Failure {
  /** Its name, with those of the suites that it is in. */
  readonly name: string;
  /** The error's message. */
  readonly reason: string;
}

/** How tests ended. */
export interface Results {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skipped: number;
}

/** How a suite is run. */
export interface SuiteOptions {
  /** How long a test may take, in milliseconds. */
  readonly timeout: number;
  /** Only tests whose full name matches. */
  readonly grep?: string | undefined;
  /** Counts the tests as skipped, without running them. */
  readonly skip?: boolean;
}

/** Runs the tests of some files in this process. */
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
