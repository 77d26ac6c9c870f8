import { domainToASCII, domainToUnicode } from "node:url";

/** https://datatracker.ietf.org/doc/html/rfc20: what DNS carries without IDNA. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/**
 * A DNS name in the one form in which names are compared and handed to DNS, certificates and the chart: ASCII (IDNA,
 * https://www.unicode.org/reports/tr46), in lower case, without the final dot. What no domain can be stays as it is, but
 * for these.
 */
export function dnsName(name: string): string {
  const relative = name.replace(/\.$/, "").toLowerCase();
  return isAscii(relative) || notOfHost.test(relative)
    ? relative
    : domainToASCII(relative) || relative;
}

/** What ends a host in a URL, as which Node reads a domain, or stands for another letter there. */
const notOfHost = /[/?#\\%]/;

/** The same name as its owner would write it, with letters other than ASCII. */
export function readableName(name: string): string {
  const inDns = dnsName(name);
  // Node reads others as the host of a URL, a number as an address.
  return /(?:^|\.)xn--/.test(inDns) && !notOfHost.test(inDns)
    ? domainToUnicode(inDns) || inDns
    : inDns;
}
