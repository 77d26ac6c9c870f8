import { createHash } from "node:crypto";

/**
 * The digest by which a credential is told from another: the first 16 hex digits of its SHA-256. 64 bits of a hash over a
 * random key give nothing of the key away.
 */
export function digestOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
