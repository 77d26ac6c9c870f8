import type { Expectation } from "../../expectation.ts";
import type { Problem } from "../../finding.ts";

/** A message of the issuer in the log, and its meaning. */
export interface IssuerError extends Problem {
  readonly pattern: RegExp;
  /** Whether a matching line has this meaning, if the pattern alone does not decide. Default: it has. */
  readonly means?: (text: string) => boolean;
  /** Whether the message has this meaning on a stack. Default: on every stack. */
  readonly applies?: (expected: Expectation) => boolean;
}
