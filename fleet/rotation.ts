import { z } from "zod";

const day = 24 * 60 * 60 * 1_000;

/** A DNS credential that a stack created, from the stack's outputs (outputs.ts). */
export interface ManagedCredential {
  readonly createdAt: string;
  /** The date by which it must be replaced, in RFC 3339 form. */
  readonly rotateBy: string;
  /** For `--replace`. */
  readonly pattern: string;
}

const outputsSchema = z.object({
  credential: z.object({
    createdAt: z.string(),
    rotateBy: z.string(),
    rotate: z.string(),
  }),
});

/**
 * The credential that a stack created.
 *
 * @param outputs the stack's outputs
 * @returns undefined where it has none or a provided one, or is not deployed
 */
export function managedCredential(outputs: unknown): ManagedCredential | undefined {
  const { data } = outputsSchema.safeParse(outputs);
  if (data === undefined) {
    return undefined;
  }
  const { createdAt, rotateBy, rotate } = data.credential;
  const [, pattern] = / --replace '([^']+)'/.exec(rotate) ?? [];
  return pattern === undefined ? undefined : { createdAt, rotateBy, pattern };
}

/**
 * Whether a credential must be replaced.
 *
 * @param days how many days before its date it is due
 */
export function isDue({ rotateBy }: ManagedCredential, now: Date, days: number): boolean {
  return Date.parse(rotateBy) - days * day <= now.getTime();
}
