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
 * In how many parts a deadline is counted. While this process does something else, or does not run at all, no answer can
 * be taken: a load of modules on a busy machine, or a laptop's sleep, then counts as one part, and not as the server's
 * silence.
 */
const parts = 20;

/**
 * Gives work a deadline.
 *
 * @param timeout in milliseconds, of time in which this process could take an answer
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
    const count = (left: number) => {
      timer = setTimeout(() => {
        if (left > 1) {
          count(left - 1);
          return;
        }
        const error = new NoAnswer(timeout);
        failed(error);
        end.abort(error);
      }, timeout / parts);
    };
    count(parts);
  });
  try {
    return await Promise.race([work(end.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
