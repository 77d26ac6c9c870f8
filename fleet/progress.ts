import type { Severity } from "../doctor/finding.ts";

/** The state of a stack. */
export type State = "waiting" | "running" | "done" | "failed";

/** The progress of one stack; --json prints this object. */
export interface StackProgress {
  readonly stack: string;
  readonly state: State;
  /** The current step, or the result. */
  readonly step: string;
  /** When the served certificate expires, in RFC 3339 form; null where it is unknown. */
  readonly certificateExpiry: string | null;
  /** The date by which the DNS credential must be replaced, in RFC 3339 form; null where it is unknown. */
  readonly rotateBy: string | null;
  /** The doctor's worst finding; null where it has not run. */
  readonly worst: Severity | null;
  /** Why the stack failed. */
  readonly failure: string | null;
  /** The file with Pulumi's output, relative to the project; null where Pulumi has not run. */
  readonly log: string | null;
}

/** Called for each change. */
export type Listener = (after: StackProgress, before: StackProgress) => void;

/** The progress of all stacks of a run. */
export class Progress {
  private readonly rows: Map<string, StackProgress>;
  private readonly listener: Listener;

  constructor(stacks: readonly string[], listener: Listener) {
    this.rows = new Map(stacks.map((stack) => [stack, waitingStack(stack)]));
    this.listener = listener;
  }

  /** In the order of the constructor's stacks. */
  get all(): readonly StackProgress[] {
    return [...this.rows.values()];
  }

  /** Records changes of a stack. */
  tell(stack: string, news: Partial<Omit<StackProgress, "stack">>): StackProgress {
    const before = this.rows.get(stack) ?? waitingStack(stack);
    const after = { ...before, ...news };
    this.rows.set(stack, after);
    this.listener(after, before);
    return after;
  }
}

function waitingStack(stack: string): StackProgress {
  return {
    stack,
    state: "waiting",
    step: "waiting",
    certificateExpiry: null,
    rotateBy: null,
    worst: null,
    failure: null,
    log: null,
  };
}
