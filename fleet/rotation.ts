import { z } from "zod";

const day = 24 * 60 * 60 * 1_000;

/** A DNS credential that a stack has made, as the stack's outputs tell of it (outputs.ts). */
export interface ManagedCredential {
  readonly createdAt: string;
  /** By when it is to be replaced, in RFC 3339 form. */
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
 * The credential that a stack has made.
 *
 * @param outputs the stack's
 * @returns undefined where it has none, brings its own, or is not deployed
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
 * Whether a credential is to be replaced.
 *
 * @param days how much sooner than at its moment it counts as due
 */
export function isDue({ rotateBy }: ManagedCredential, now: Date, days: number): boolean {
  return Date.parse(rotateBy) - days * day <= now.getTime();
}
