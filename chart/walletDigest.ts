import { scrypt } from "node:crypto";
import { promisify } from "node:util";

/**
 * A digest of a wallet's key and password, with which a change of either is detected, in 16 hex digits. It is not a secret.
 *
 * Slow by design: everyone who may read the pod can read the digest, and a password can be guessed.
 */
export async function digestOfWallet(key: string, password: string): Promise<string> {
  const digest = (await promisify(scrypt)(password, key, 8)) as Buffer;
  return digest.toString("hex");
}
