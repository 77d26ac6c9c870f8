import type { Severity } from "../doctor/finding.ts";

/** How far a stack is. */
export type State = "waiting" | "running" | "done" | "failed";

/** What is to be told of one stack; with --json it is printed as it is. */
export interface StackProgress {
  readonly stack: string;
  readonly state: State;
  /** What it is at, or what came of it, in a few words. */
  readonly step: string;
  /** When the served certificate ends, in RFC 3339 form; null where it was not seen. */
  readonly certificateExpiry: string | null;
  /** By when the DNS credential is to be replaced, likewise. */
  readonly rotateBy: string | null;
  /** The worst that the doctor has found; null where it has not looked. */
  readonly worst: Severity | null;
  /** Why it has failed. */
  readonly failure: string | null;
  /** The file with what Pulumi has said, relative to the project; null where it has not run. */
  readonly log: string | null;
}

/** Told of each change. */
export type Listener = (after: StackProgress, before: StackProgress) => void;

/** How far all stacks of a run are. */
export class Progress {
  private readonly rows: Map<string, StackProgress>;
  private readonly listener: Listener;

  constructor(stacks: readonly string[], listener: Listener) {
    this.rows = new Map(stacks.map((stack) => [stack, begun(stack)]));
    this.listener = listener;
  }

  /** In the order in which the stacks were given. */
  get all(): readonly StackProgress[] {
    return [...this.rows.values()];
  }

  /** Takes over what is new of a stack. */
  tell(stack: string, news: Partial<Omit<StackProgress, "stack">>): StackProgress {
    const before = this.rows.get(stack) ?? begun(stack);
    const after = { ...before, ...news };
    this.rows.set(stack, after);
    this.listener(after, before);
    return after;
  }
}

function begun(stack: string): StackProgress {
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
