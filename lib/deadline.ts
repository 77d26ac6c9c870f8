/** How long a request may take, to the end of its response, in milliseconds. */
export const requestTimeout = 30_000;

/** How long the request for a log may take, in milliseconds. */
export const logTimeout = 60_000;

/** A response that did not arrive, or not completely, in time. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  /** @param timeout how long it had, in milliseconds */
  constructor(timeout: number) {
    super(`no answer within ${timeout / 1_000} s`);
  }
}

/**
 * The number of parts of a deadline. While this process is busy, or does not run at all, it cannot read a response: loading
 * modules on a busy machine, or a laptop's sleep, then counts as one part, and not as the server's delay.
 */
const parts = 20;

/**
 * Runs work with a deadline.
 *
 * @param timeout in milliseconds, of time in which this process could read a response
 * @param work ends its operations when the signal is aborted; the caller does not wait for that
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
