/** How stacks are gone through. */
export interface Waves {
  /** In their order. */
  readonly stacks: readonly string[];
  /** The one of them that goes first, alone. */
  readonly canary: string;
  /** How many run at a time after it. */
  readonly concurrency: number;
  /** Does one to its end. @returns whether the others may go on; it does not throw */
  readonly run: (stack: string) => Promise<boolean>;
  /** Whether no further one is to begin. */
  readonly stopped: () => boolean;
}

/**
 * Goes through stacks: the canary, then so many at a time. After the first that fails no other begins; those that run go
 * on to their end.
 *
 * @returns those that were not begun
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
