import fc from "fast-check";

/** The variable that repeats the runs of a seed. */
const seedVariable = "FAST_CHECK_SEED";

/** Another one each time, but where a CI is to judge a change by it. */
const seed = Number(
  process.env[seedVariable] ?? (process.env.CI === undefined ? Date.now() % 2 ** 31 : 20_261_129),
);

/**
 * Tries a property, and prints the seed of its runs.
 *
 * @throws Error with the smallest counterexample that was found
 */
export function check<Values>(
  property: fc.IProperty<Values>,
  { numRuns }: { readonly numRuns: number },
): void {
  console.log(`      ${numRuns} runs of ${seedVariable}=${seed}`);
  fc.assert(property, { numRuns, seed });
}

/** The same for a property that waits for something. */
export async function checkAsync<Values>(
  property: fc.IAsyncProperty<Values>,
  { numRuns }: { readonly numRuns: number },
): Promise<void> {
  console.log(`      ${numRuns} runs of ${seedVariable}=${seed}`);
  await fc.assert(property, { numRuns, seed });
}

/** Values of an arbitrary by the same seed. */
export function sample<Value>(arbitrary: fc.Arbitrary<Value>, numRuns: number): Value[] {
  console.log(`      ${numRuns} samples of ${seedVariable}=${seed}`);
  return fc.sample(arbitrary, { numRuns, seed });
}
