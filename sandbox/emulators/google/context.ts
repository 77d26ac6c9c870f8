import type { TxtMirror } from "../shared/mirror.ts";
import type { GoogleState } from "./state.ts";

/** The shared context of the Google emulator's parts. */
export interface GoogleContext {
  readonly state: GoogleState;
  readonly mirror: TxtMirror;
  /** Fingerprint of the access token of the identity that runs Pulumi, which has all permissions. */
  readonly adminFingerprint: string;
  /** Domain of the services' addresses, as in `dns.<universe domain>`. */
  readonly universeDomain: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** URL of the token endpoint: `token_uri` of the keys, and the audience of their assertions. */
  tokenUri(): string;
}
