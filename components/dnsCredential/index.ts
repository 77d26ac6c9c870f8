import type { DnsCredential } from "./credential.ts";
import {
  cloudflareCredential,
  type CloudflareCredentialOptions,
} from "./cloudflare/cloudflareCredential.ts";
import {
  googleCloudCredential,
  type GoogleCloudCredentialOptions,
} from "./googleCloud/googleCloudCredential.ts";

/** Options of {@link dnsCredential}, by DNS provider. */
export type DnsCredentialOptions =
  | ({ readonly dnsProvider: "googleCloud" } & GoogleCloudCredentialOptions)
  | ({ readonly dnsProvider: "cloudflare" } & CloudflareCredentialOptions);

/**
 * The credential of either DNS provider: looks up the zone, and creates a credential or uses the provided one.
 *
 * @param name the name of the component that creates the credential
 * @param options see {@link DnsCredentialOptions}
 * @throws RunError when the zone or a permission is missing
 */
export function dnsCredential(name: string, options: DnsCredentialOptions): Promise<DnsCredential> {
  switch (options.dnsProvider) {
    case "googleCloud":
      return googleCloudCredential(name, options);
    case "cloudflare":
      return cloudflareCredential(name, options);
  }
}
