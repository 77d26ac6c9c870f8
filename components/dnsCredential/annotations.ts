import type * as pulumi from "@pulumi/pulumi";
import type { DnsCredential } from "./credential.ts";

/**
 * Annotations of a credential's Secret: digest and id of its credential, ids of the next and the previous credential, and
 * the random part of the name that identifies the stack's credentials at the DNS provider, even without a state.
 * docs/rotation-protocol.md shows their values at each step.
 */
export const credentialAnnotations = {
  digest: "akash-provider-letsencrypt/credential-digest",
  id: "akash-provider-letsencrypt/credential-id",
  next: "akash-provider-letsencrypt/next-credential-id",
  previous: "akash-provider-letsencrypt/previous-credential-id",
  suffix: "akash-provider-letsencrypt/credential-suffix",
} as const;

/**
 * The annotations that Pulumi writes to a credential's Secret.
 *
 * @param digest the digest of the credential
 */
export function secretAnnotations(
  { managed }: DnsCredential,
  digest: pulumi.Output<string>,
): Record<string, pulumi.Input<string>> {
  return {
    [credentialAnnotations.digest]: digest,
    ...(managed && {
      [credentialAnnotations.id]: managed.id,
      [credentialAnnotations.suffix]: managed.suffix,
    }),
  };
}
