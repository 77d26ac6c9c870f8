/** How long a request may take, to the end of its answer, in milliseconds. */
export const requestTimeout = 30_000;

/** How long the request for a log may take, in milliseconds. */
export const logTimeout = 60_000;

/** An answer has not come in time, or not to its end. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  /** @param timeout how long it had, in milliseconds */
  constructor(timeout: number) {
    super(`no answer within ${timeout / 1_000} s`);
  }
}

/**
 * Gives work a deadline.
 *
 * @param timeout in milliseconds
 * @param work ends what it has begun when the signal comes; nobody waits for it then
 * @throws NoAnswer after that time
 */
export async function withDeadline<T>(
  timeout: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, failed) => {
    timer = setTimeout(() => {
      const error = new NoAnswer(timeout);
      failed(error);
      end.abort(error);
    }, timeout);
  });
  try {
    return await Promise.race([work(end.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
