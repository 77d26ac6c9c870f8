/** The operator's interrupts of a running fleet. */
export interface Interrupt {
  /** Whether no further stack may start. */
  readonly stopped: () => boolean;
  /** Aborted when only running stacks may continue. */
  readonly stopping: AbortSignal;
  /** Aborted when running stacks must be interrupted, too. */
  readonly interrupting: AbortSignal;
  /** Removes the signal handlers. */
  readonly end: () => void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Handles the signals that end a command: after the first signal, running stacks continue to their end and no other starts;
 * the second signal interrupts Pulumi, which ends after its current step.
 *
 * @param note called with a message for each signal
 */
export function takeInterrupts(note: (sentence: string) => void): Interrupt {
  const stopping = new AbortController();
  const interrupting = new AbortController();
  const taken = () => {
    if (!stopping.signal.aborted) {
      stopping.abort();
      note(
        "Interrupted: the running stacks finish, and no other stack starts. Interrupt again to interrupt Pulumi, too.",
      );
    } else if (!interrupting.signal.aborted) {
      interrupting.abort();
      note("Interrupted again: Pulumi ends after its current steps.");
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
