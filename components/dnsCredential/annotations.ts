import type * as pulumi from "@pulumi/pulumi";
import type { DnsCredential } from "./credential.ts";

/**
 * Annotations of a credential's Secret: the digest and the cloud's id of what is in it, the ids of what comes next and
 * came before, and the random part of the name by which the stack knows its own at the cloud, also when its state is
 * lost. docs/rotation-protocol.md draws which says what at which step.
 */
export const credentialAnnotations = {
  digest: "akash-provider-letsencrypt/credential-digest",
  id: "akash-provider-letsencrypt/credential-id",
  next: "akash-provider-letsencrypt/next-credential-id",
  previous: "akash-provider-letsencrypt/previous-credential-id",
  suffix: "akash-provider-letsencrypt/credential-suffix",
} as const;

/**
 * The annotations of a Secret with a credential that Pulumi writes.
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
