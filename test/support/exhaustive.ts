/** The variable by which test/run.ts says that tests are run exhaustively. */
export const exhaustiveVariable = "TEST_EXHAUSTIVE";

/**
 * For a variant of what another test tries with the same code: another cloud, another status, another form of the same
 * mistake, whose difference the unit tests have. It is run with `npm test -- --exhaustive`, and where its file is named;
 * else it counts as skipped.
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
