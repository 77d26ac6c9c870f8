import Mocha from "mocha";

/** How many tests ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
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
export async function runSuite(files: readonly string[], options: SuiteOptions): Promise<Counts> {
  const mocha = new Mocha({ timeout: options.timeout, forbidOnly: true });
  mocha.files = [...files];
  if (options.grep !== undefined) {
    mocha.grep(new RegExp(options.grep));
  }
  await mocha.loadFilesAsync();
  if (options.skip === true) {
    return { passed: 0, failed: 0, skipped: mocha.suite.total() };
  }
  return new Promise((done) => {
    const runner = mocha.run(() => {
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 };
      done({ passed: passes, failed: failures, skipped: pending });
    });
  });
}
