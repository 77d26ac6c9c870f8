import { domainToASCII, domainToUnicode } from "node:url";

/** https://datatracker.ietf.org/doc/html/rfc20: the characters of DNS names without IDNA. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/**
 * A DNS name in the normalized form for comparisons, DNS, certificates and the chart: ASCII (IDNA,
 * https://www.unicode.org/reports/tr46), in lower case, without the final dot. A text that cannot be a domain only becomes
 * lower case without the final dot.
 */
export function dnsName(name: string): string {
  const relative = name.replace(/\.$/, "").toLowerCase();
  return isAscii(relative) || notOfHost.test(relative)
    ? relative
    : domainToASCII(relative) || relative;
}

/** Characters that end the host in a URL, or escape another character there: Node reads a domain as such a host. */
const notOfHost = /[/?#\\%]/;

/** The same name in its readable form, with letters other than ASCII. */
export function readableName(name: string): string {
  const inDns = dnsName(name);
  // Node reads other names as the host of a URL, and a number as an address.
  return /(?:^|\.)xn--/.test(inDns) && !notOfHost.test(inDns)
    ? domainToUnicode(inDns) || inDns
    : inDns;
}
