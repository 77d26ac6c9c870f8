import { getDomain } from "tldts";

/**
 * The registered domain of a host: the part that its owner has got from a registry, which Let's Encrypt counts by. As
 * there, the public suffix list's private part counts, too: under `duckdns.org` everybody has a domain of one's own.
 */
export function registeredDomain(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}
