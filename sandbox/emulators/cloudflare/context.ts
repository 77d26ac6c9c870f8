import type { TxtMirror } from "../shared/mirror.ts";
import type { CloudflareState } from "./state.ts";

/** Path prefix of every call. */
export const API_PREFIX = "/client/v4";

/** E-mail address of the operator, which the global API key requires. */
export const OPERATOR_EMAIL = "operator@sandbox.invalid";

/** The shared context of the Cloudflare emulator's parts. */
export interface CloudflareContext {
  readonly state: CloudflareState;
  readonly mirror: TxtMirror;
  /** Fingerprint of the API token of the identity that runs Pulumi, which has all permissions. */
  readonly adminFingerprint: string;
  /** Fingerprint of the operator's global API key, which is used with {@link OPERATOR_EMAIL}. */
  readonly adminKeyFingerprint: string;
  /** Milliseconds since the epoch. */
  now(): number;
}
