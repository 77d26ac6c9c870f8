/** What the reader has asked of a running fleet. */
export interface Interrupt {
  /** Whether no further stack is to begin. */
  readonly stopped: () => boolean;
  /** Aborted once there is nothing to wait for any more but what runs. */
  readonly stopping: AbortSignal;
  /** Aborted where what runs is to be interrupted, too. */
  readonly interrupting: AbortSignal;
  /** Takes the signals' handlers away. */
  readonly end: () => void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Takes the signals that end a command: at the first the running stacks go on to their end and no other begins, at the
 * second Pulumi is interrupted, which ends after the step that it is at.
 *
 * @param tell told at each what happens
 */
export function takeInterrupts(tell: (sentence: string) => void): Interrupt {
  const stopping = new AbortController();
  const interrupting = new AbortController();
  const taken = () => {
    if (!stopping.signal.aborted) {
      stopping.abort();
      tell(
        "Interrupted: the stacks that are being worked on are finished, and no other is begun. Once more to interrupt Pulumi, too.",
      );
    } else if (!interrupting.signal.aborted) {
      interrupting.abort();
      tell("Interrupted again: Pulumi ends after the steps that it is at.");
    }
  };
  signals.forEach((name) => process.on(name, taken));
  return {
    stopped: () => stopping.signal.aborted,
    stopping: stopping.signal,
    interrupting: interrupting.signal,
    end: () => {
      signals.forEach((name) => process.off(name, taken));
    },
  };
}
