import type { V1Secret } from "@kubernetes/client-node";
import { credentialSecretKey, type ReleaseNames, walletSecretKey } from "../../chart/release.ts";

/** The place of a credential in the cluster. */
export interface LiveCredential {
  /** The value's path in the file. */
  readonly path: string;
  readonly secret: string;
  readonly key: string;
}

/** The chart's place of each credential (templates/secret.yaml, templates/letsencrypt-secrets.yaml), by its setting. */
export function liveCredentials(names: ReleaseNames): Readonly<Record<string, LiveCredential>> {
  return {
    walletKey: { path: "key", secret: names.walletSecret, key: walletSecretKey.key },
    walletPassword: {
      path: "keysecret",
      secret: names.walletSecret,
      key: walletSecretKey.password,
    },
    "dns.apiToken": {
      path: "letsEncrypt.providers.cloudflare.apiToken",
      secret: names.cloudflareSecret,
      key: credentialSecretKey.cloudflare,
    },
    "dns.serviceAccountKey": {
      path: "letsEncrypt.providers.googleCloud.serviceAccount.content",
      secret: names.googleCloudSecret,
      key: credentialSecretKey.googleCloud,
    },
  };
}

/** The text under a key of a Secret. */
export function secretText({ data }: V1Secret, key: string): string | undefined {
  const encoded = data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}
