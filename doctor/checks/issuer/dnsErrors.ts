import { getPublicSuffix } from "tldts";
import type { Expectation } from "../../expectation.ts";
import { challengeName, fromPod, inContainer } from "../lookUp.ts";
import { restart } from "../remedies.ts";
import { placeholder, shell, type ShellText } from "../../../lib/shell.ts";
import type { IssuerError } from "./issuerError.ts";

const severity = "error";
const prove = ({ stack }: Expectation) => shell`npm run doctor -- -s ${stack} --prove`;
const project = ({ challenge }: Expectation) =>
  (challenge.type === "dns-01" ? challenge.environment?.GCE_PROJECT : undefined) ??
  placeholder("project");

/** The zone that the issuer has found in DNS, in the messages of lego's providers. */
const foundZone =
  /failed to find zone (\S+?)\.?: |no (?:public |public or private |matching )(?:domain |zone )?found for domain ([^\s"\\]+?)\.?(?=[\s"\\]|$)/i;

/** Whether the zone is a public suffix, which no operator has at a DNS provider: `com`, or `co.uk`. */
function isPublicSuffix(text: string): boolean {
  const [, ofCloudflare, ofGoogle] = foundZone.exec(text) ?? [];
  const zone = (ofCloudflare ?? ofGoogle)?.toLowerCase();
  return zone !== undefined && getPublicSuffix(zone) === zone;
}

/** Queries the zone from the pod, like the issuer. */
const askZone = (expected: Expectation) =>
  fromPod(expected, shell`nslookup -type=soa ${expected.domain} 1.1.1.1`);

/** Requests the API that the issuer calls, to test the connection. */
function askApi(expected: Expectation): ShellText {
  const google =
    expected.challenge.type === "dns-01" && expected.challenge.dnsProvider === "googleCloud";
  const url = google ? "https://dns.googleapis.com" : "https://api.cloudflare.com/client/v4";
  return inContainer(expected, shell`curl -sSI ${url}`);
}

/**
 * Errors of the DNS provider's API and of DNS: go-acme/lego v4.26, providers/dns/cloudflare,
 * providers/dns/gcloud/googlecloud.go, providers/dns/internal/errutils, challenge/dns01 and platform/wait; the codes are
 * those of Cloudflare and Google.
 */
export const dnsErrors: readonly IssuerError[] = [
  {
    id: "log-api-disabled",
    severity,
    pattern: /accessNotConfigured|SERVICE_DISABLED|has not been used in project/,
    title: "The Cloud DNS API is disabled in the project",
    why: "Google refuses every call until the API is enabled.",
    command: (expected) =>
      shell`gcloud services enable dns.googleapis.com --project ${project(expected)}`,
  },
  {
    id: "log-billing",
    severity,
    pattern: /billing account .*(disabled|closed)|BILLING_DISABLED|accountDisabled/i,
    title: "The project's billing account is closed",
    why: "Without billing, Cloud DNS neither serves nor accepts records.",
    command: (expected) => shell`gcloud billing projects describe ${project(expected)}`,
  },
  {
    id: "log-api-busy",
    severity,
    pattern:
      /googleapi: (Error|got HTTP response code) (429|5\d\d)|googleapi: Error 403: .*(rate|quota|Limit)Exceeded|apply change: time limit exceeded|cloudflare: .*\[status code:? (429|5\d\d)\]|cannot fetch token: (429|5\d\d)/,
    title: "The DNS provider's API was busy or had a server error",
    why: "The error is temporary. A restart retries.",
    command: restart,
  },
  {
    id: "log-dns-redirected",
    severity,
    pattern:
      /found for domain|failed to find zone|could not find the start of authority for '[^']*'(?!: )/i,
    means: (text) => isPublicSuffix(text) || text.includes("could not find the start of authority"),
    title: "The pod's DNS queries are redirected to another server",
    why: "The issuer queries the host's zone at 1.1.1.1 and 8.8.8.8, and found none below a top-level domain. Either a router, a firewall or a service mesh redirects port 53 to a DNS server that does not know the domain, or the domain's registration has expired. An expired registration has the same result in every network.",
    command: askZone,
  },
  {
    id: "log-dns-blocked",
    severity,
    pattern:
      /DNS call error|unexpected response for '|could not determine authoritative nameservers|NS call failed|empty list of nameservers/i,
    title: "The pod's DNS queries are not answered",
    why: "The issuer queries 1.1.1.1, 8.8.8.8 and the zone's own name servers on port 53 over UDP and TCP; a network policy or a firewall may block this. The response SERVFAIL means that the zone's name servers or DNSSEC are broken.",
    command: askZone,
  },
  {
    id: "log-zone",
    severity,
    pattern:
      /could not find (the )?(start of authority|zone)|zone could not be found|no (public|public or private) zone found|no matching( managed)? domain|zone .*not found|ambiguous zone name|googleapi: Error 404|ManagedZones\.(Get|List) .*googleapi: Error 400|cloudflare: .*\b7003: /i,
    title: "The issuer cannot find the host's DNS zone",
    why: "The zone is not delegated yet, or the credential cannot read it, or can read two zones of that name.",
    command: prove,
  },
  {
    id: "log-credential-refused",
    severity,
    pattern:
      /googleapi: Error 40[13]|invalid_grant|unauthorized_client|cannot fetch token: 40\d|GCE metadata .*not defined|compute: Received 40\d|generate access token|could not find default credentials|cloudflare: .*(authentication error|invalid access token|\[status code 40[13]\]|\b(1000|6003|6111|9109|10000): )/i,
    title: "The DNS provider refuses the credential",
    why: "The credential is deleted or expired, or lacks a permission. Until a restart the provider uses the credential that it read at its start.",
    command: prove,
  },
  {
    id: "log-api-unreachable",
    severity,
    pattern:
      /unable to communicate with the API server|unable to read response body:|unable to unmarshal response:|unexpected status code: \[status code|cannot fetch token: |\\?"https:\/\/[\w.-]*(googleapis\.com|api\.cloudflare\.com)\//i,
    title: "The pod cannot reach the DNS provider's API",
    why: "The pod connects to the API directly on port 443, and uses no proxy other than that of its own environment. The response may also come from a firewall.",
    command: askApi,
  },
  {
    id: "log-record-exists",
    severity,
    pattern: /cloudflare: failed to create TXT record: .*\b8105[78]: /,
    title: "The challenge's TXT record already exists at Cloudflare",
    why: "An interrupted attempt has left the record. The CA requests the same content again until its authorization expires, and Cloudflare accepts no second record with it. Delete the record that the command shows in the zone's DNS records (https://dash.cloudflare.com); the next attempt creates it again.",
    command: (expected) => shell`dig ${challengeName(expected)} TXT`,
  },
  {
    id: "log-record-quota",
    severity,
    pattern: /cloudflare: failed to create TXT record: .*\b81045: /,
    title: "The zone at Cloudflare has reached its limit of records",
    why: "Cloudflare's plan limits the number of a zone's records. Delete those that are not needed in the zone's DNS records (https://dash.cloudflare.com), such as TXT records of earlier challenges, which the command shows, or change the plan.",
    command: (expected) => shell`dig ${challengeName(expected)} TXT`,
  },
  {
    id: "log-record-refused",
    severity,
    pattern:
      /failed to create TXT record|failed to (perform|get) changes|googleapi: Error 4\d\d|cloudflare: .*\[status code 4\d\d\]/i,
    // A refused deletion is an error of its own (cleanUpErrors).
    means: (text) => !/cleaning up failed|failed to delete TXT record/i.test(text),
    title: "The DNS provider refuses the challenge's TXT record",
    why: "The record, or another record of that name, already exists, or the zone has reached its limit of records. The line shows the reason.",
    command: (expected) => shell`dig ${challengeName(expected)} TXT`,
  },
  {
    id: "log-propagation",
    severity,
    pattern: /propagation: time limit exceeded|time limit exceeded: last error/i,
    title: "The challenge's TXT record did not appear in DNS in time",
    why: "The DNS provider accepted the record, but the zone's delegated name servers do not return it: they belong to another DNS provider, or are slow.",
    command: (expected) => shell`dig ${challengeName(expected)} TXT +trace`,
  },
];
