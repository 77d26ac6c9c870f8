import { createHash, randomBytes, randomInt } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/**
 * The form in which the emulators store a credential: its SHA-256, so that the state file, the dump and the log
 * cannot disclose it.
 */
export function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A random token of letters and digits. */
export function randomToken(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
}

/** Random hexadecimal digits, as both vendors use for ids. */
export function randomHex(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString("hex")
    .slice(0, length);
}

/** Random decimal digits without a leading zero, as Google uses for numeric ids. */
export function randomDigits(length: number): string {
  return (
    String(randomInt(1, 10)) + Array.from({ length: length - 1 }, () => randomInt(10)).join("")
  );
}

/** The bearer token of a request, or undefined. */
export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S.*)$/i.exec(headers.authorization ?? "")?.[1]?.trim();
}
