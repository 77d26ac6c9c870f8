import { createHash } from "node:crypto";

/**
 * The digest that identifies a credential: the first 16 hex digits of its SHA-256. 64 bits of a hash over a random key
 * reveal nothing of the key.
 */
export function digestOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
