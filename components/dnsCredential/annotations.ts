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
