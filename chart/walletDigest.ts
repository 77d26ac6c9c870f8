import { scrypt } from "node:crypto";
import { promisify } from "node:util";

/**
 * A digest over a wallet's key and password by which a change of either is seen, 16 hex digits. It is no secret.
 *
 * Slow on purpose: everyone who may look at the pod sees it, and a password can be guessed.
 */
export async function digestOfWallet(key: string, password: string): Promise<string> {
  const digest = (await promisify(scrypt)(password, key, 8)) as Buffer;
  return digest.toString("hex");
}
