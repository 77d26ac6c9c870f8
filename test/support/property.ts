import fc from "fast-check";

/** The variable that repeats the runs of a seed. */
const seedVariable = "FAST_CHECK_SEED";

/** A new seed each time, except in a CI that judges a change. */
const seed = Number(
  process.env[seedVariable] ?? (process.env.CI === undefined ? Date.now() % 2 ** 31 : 20_261_129),
);

/**
 * Checks a property, and prints the seed of its runs.
 *
 * @throws Error with the smallest counterexample
 */
export function check<Values>(
  property: fc.IProperty<Values>,
  { numRuns }: { readonly numRuns: number },
): void {
  console.log(`      ${numRuns} runs of ${seedVariable}=${seed}`);
  fc.assert(property, { numRuns, seed });
}

/** The same for an asynchronous property. */
export async function checkAsync<Values>(
  property: fc.IAsyncProperty<Values>,
  { numRuns }: { readonly numRuns: number },
): Promise<void> {
  console.log(`      ${numRuns} runs of ${seedVariable}=${seed}`);
  await fc.assert(property, { numRuns, seed });
}

/** Values of an arbitrary with the same seed. */
export function sample<Value>(arbitrary: fc.Arbitrary<Value>, numRuns: number): Value[] {
  console.log(`      ${numRuns} samples of ${seedVariable}=${seed}`);
  return fc.sample(arbitrary, { numRuns, seed });
}
