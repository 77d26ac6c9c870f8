/** The order of the stacks. */
export interface Waves {
  /** In their order. */
  readonly stacks: readonly string[];
  /** The stack that runs first, alone. */
  readonly canary: string;
  /** How many stacks run at the same time after it. */
  readonly concurrency: number;
  /** Runs one stack to its end. @returns whether the others may continue; it does not throw */
  readonly run: (stack: string) => Promise<boolean>;
  /** Whether no further stack may start. */
  readonly stopped: () => boolean;
}

/**
 * Runs stacks: the canary, then `concurrency` stacks at the same time. After the first failure no other starts; running
 * stacks continue to their end.
 *
 * @returns the stacks that were not started
 */
export async function inWaves(waves: Waves): Promise<readonly string[]> {
  const { stacks, canary, concurrency, run, stopped } = waves;
  const waiting = [canary, ...stacks.filter((stack) => stack !== canary)];
  let failed = false;
  const next = async () => {
    const stack = waiting.shift();
    if (stack !== undefined && !(await run(stack))) {
      failed = true;
    }
  };
  const mayBegin = () => waiting.length > 0 && !failed && !stopped();
  if (mayBegin()) {
    await next();
  }
  const work = async () => {
    while (mayBegin()) {
      await next();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return waiting;
}
