import type { TxtMirror } from "../shared/mirror.ts";
import type { GoogleState } from "./state.ts";

/** What the parts of the Google emulator share. */
export interface GoogleContext {
  readonly state: GoogleState;
  readonly mirror: TxtMirror;
  /** Fingerprint of the access token of the operator who runs Pulumi; it may do anything. */
  readonly adminFingerprint: string;
  /** Domain of the services' addresses, as in `dns.<universe domain>`. */
  readonly universeDomain: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Where the token endpoint is reached: `token_uri` of the keys, and the audience of their assertions. */
  tokenUri(): string;
}
