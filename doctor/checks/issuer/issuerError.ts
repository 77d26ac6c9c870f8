import type { Expectation } from "../../expectation.ts";
import type { Problem } from "../../finding.ts";

/** Words of the issuer in the log, and what they mean. */
export interface IssuerError extends Problem {
  readonly pattern: RegExp;
  /** Whether a line with these words means it, where the words alone do not say. Default: it does. */
  readonly means?: (text: string) => boolean;
  /** Whether they mean something else here. Default: they never do. */
  readonly applies?: (expected: Expectation) => boolean;
}
