/** The variable by which test/run.ts requests an exhaustive run. */
export const exhaustiveVariable = "TEST_EXHAUSTIVE";

/**
 * For a variant of a case that another test covers with the same code: another DNS provider, another status,
 * another form of the same mistake, whose difference the unit tests cover. It runs with `npm test -- --exhaustive`,
 * and if its file is named; otherwise, it counts as skipped.
 */
export const isExhaustive = process.env[exhaustiveVariable] !== undefined;

/** A suite of such tests. */
export function describeExhaustive(title: string, tests: (this: Mocha.Suite) => void): void {
  (isExhaustive ? describe : describe.skip)(title, tests);
}

/** Such a test. */
export function itExhaustive(title: string, test: Mocha.AsyncFunc): void {
  (isExhaustive ? it : it.skip)(title, test);
}
