import { getDomain } from "tldts";

/**
 * The registered domain of a host, for which Let's Encrypt counts certificates. Like there, the private part of the
 * public suffix list applies, too: each name directly under `duckdns.org` is a registered domain.
 */
export function registeredDomain(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}
