/** The variable by which test/run.ts says that tests are run exhaustively. */
export const exhaustiveVariable = "TEST_EXHAUSTIVE";

/**
 * For what the same tests try at another cloud already, with the same code but for the cloud's own calls: those are in
 * other tests, too. It is run with `npm test -- --exhaustive`, and where its file is named; else it counts as skipped.
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
