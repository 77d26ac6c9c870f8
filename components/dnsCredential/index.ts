import type { DnsCredential } from "./credential.ts";
import {
  cloudflareCredential,
  type CloudflareCredentialOptions,
} from "./cloudflare/cloudflareCredential.ts";
import {
  googleCloudCredential,
  type GoogleCloudCredentialOptions,
} from "./googleCloud/googleCloudCredential.ts";

/** Options of {@link dnsCredential}, with the DNS provider that they are for. */
export type DnsCredentialOptions =
  | ({ readonly dnsProvider: "googleCloud" } & GoogleCloudCredentialOptions)
  | ({ readonly dnsProvider: "cloudflare" } & CloudflareCredentialOptions);

/**
 * The credential of either cloud: looks up what it needs there, and makes it or takes the one that is brought.
 *
 * @param name the name of the component that makes it
 * @param options see {@link DnsCredentialOptions}
 * @throws RunError when what it needs is not there
 */
export function dnsCredential(name: string, options: DnsCredentialOptions): Promise<DnsCredential> {
  switch (options.dnsProvider) {
    case "googleCloud":
      return googleCloudCredential(name, options);
    case "cloudflare":
      return cloudflareCredential(name, options);
  }
}
