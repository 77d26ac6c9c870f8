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
  return isAscii(relative) ? relative : domainToASCII(relative) || relative;
}

/** The same name as its owner would write it, with letters other than ASCII. */
export function readableName(name: string): string {
  const inDns = dnsName(name);
  return domainToUnicode(inDns) || inDns;
}
