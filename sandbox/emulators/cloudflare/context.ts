import type { TxtMirror } from "../shared/mirror.ts";
import type { CloudflareState } from "./state.ts";

/** Path that every call of the API starts with. */
export const API_PREFIX = "/client/v4";

/** E-mail address of the operator, without which the global API key opens nothing. */
export const OPERATOR_EMAIL = "operator@sandbox.invalid";

/** What the parts of the Cloudflare emulator share. */
export interface CloudflareContext {
  readonly state: CloudflareState;
  readonly mirror: TxtMirror;
  /** Fingerprint of the API token of the operator who runs Pulumi; it may do anything. */
  readonly adminFingerprint: string;
  /** Fingerprint of the operator's global API key, which goes with {@link OPERATOR_EMAIL}. */
  readonly adminKeyFingerprint: string;
  /** Milliseconds since the epoch. */
  now(): number;
}
