import { getPublicSuffix } from "tldts";
import type { Expectation } from "../../expectation.ts";
import { challengeName, fromPod, inContainer } from "../lookUp.ts";
import { restart } from "../mend.ts";
import { placeholder, shell, type ShellText } from "../../../lib/shell.ts";
import type { IssuerError } from "./issuerError.ts";

const severity = "error";
const prove = ({ stack }: Expectation) => shell`npm run doctor -- -s ${stack} --prove`;
const project = ({ challenge }: Expectation) =>
  (challenge.type === "dns-01" ? challenge.environment?.GCE_PROJECT : undefined) ??
  placeholder("project");

/** The zone that the issuer has found in DNS, in the words of lego's providers. */
const foundZone =
  /failed to find zone (\S+?)\.?: |no (?:public |public or private |matching )(?:domain |zone )?found for domain ([^\s"\\]+?)\.?(?=[\s"\\]|$)/i;

/** Whether nobody can have this zone at a DNS provider: `com`, or `co.uk`. */
function isPublicSuffix(text: string): boolean {
  const [, ofCloudflare, ofGoogle] = foundZone.exec(text) ?? [];
  const zone = (ofCloudflare ?? ofGoogle)?.toLowerCase();
  return zone !== undefined && getPublicSuffix(zone) === zone;
}

/** The pod's own look at the zone, as the issuer takes it. */
const askZone = (expected: Expectation) =>
  fromPod(expected, shell`nslookup -type=soa ${expected.domain} 1.1.1.1`);

/** The API that the issuer calls, as far as it tells whether there is one. */
function askApi(expected: Expectation): ShellText {
  const google =
    expected.challenge.type === "dns-01" && expected.challenge.dnsProvider === "googleCloud";
  const url = google ? "https://dns.googleapis.com" : "https://api.cloudflare.com/client/v4";
  return inContainer(expected, shell`curl -sSI ${url}`);
}

/**
 * What goes wrong at the DNS provider's API and in DNS: go-acme/lego v4.26, providers/dns/cloudflare,
 * providers/dns/gcloud/googlecloud.go, providers/dns/internal/errutils, challenge/dns01 and platform/wait; the codes are
 * Cloudflare's and Google's own.
 */
export const dnsErrors: readonly IssuerError[] = [
  {
    id: "log-api-disabled",
    severity,
    pattern: /accessNotConfigured|SERVICE_DISABLED|has not been used in project/,
    title: "The Cloud DNS API is off in the project",
    why: "Google refuses every call until somebody has it turned on.",
    command: (expected) =>
      shell`gcloud services enable dns.googleapis.com --project ${project(expected)}`,
  },
  {
    id: "log-billing",
    severity,
    pattern: /billing account .*(disabled|closed)|BILLING_DISABLED|accountDisabled/i,
    title: "The project's billing account is closed",
    why: "Cloud DNS neither answers nor takes a record without one.",
    command: (expected) => shell`gcloud billing projects describe ${project(expected)}`,
  },
  {
    id: "log-api-busy",
    severity,
    pattern:
      /googleapi: (Error|got HTTP response code) (429|5\d\d)|googleapi: Error 403: .*(rate|quota|Limit)Exceeded|apply change: time limit exceeded|cloudflare: .*\[status code:? (429|5\d\d)\]|cannot fetch token: (429|5\d\d)/,
    title: "The DNS provider's API was busy, or had trouble of its own",
    why: "That passes. A restart tries again.",
    command: restart,
  },
  {
    id: "log-dns-redirected",
    severity,
    pattern:
      /found for domain|failed to find zone|could not find the start of authority for '[^']*'(?!: )/i,
    means: (text) => isPublicSuffix(text) || text.includes("could not find the start of authority"),
    title: "The pod's DNS queries get the answers of somebody else",
    why: "The issuer asks 1.1.1.1 and 8.8.8.8 for the zone of the host, and was told of none below a top-level domain, which can only be where somebody on the way redirects port 53 to a DNS server that does not know the domain: a router, a firewall, a service mesh. Or the domain's registration has ended; then it is the same from everywhere.",
    command: askZone,
  },
  {
    id: "log-dns-blocked",
    severity,
    pattern:
      /DNS call error|unexpected response for '|could not determine authoritative nameservers|NS call failed|empty list of nameservers/i,
    title: "The pod's DNS queries are not answered",
    why: "The issuer asks 1.1.1.1, 8.8.8.8 and the zone's own name servers, on port 53 of UDP and TCP; a network policy or firewall may keep it from them. An answer SERVFAIL is of a zone whose name servers or DNSSEC are broken.",
    command: askZone,
  },
  {
    id: "log-zone",
    severity,
    pattern:
      /could not find (the )?(start of authority|zone)|zone could not be found|no (public|public or private) zone found|no matching( managed)? domain|zone .*not found|ambiguous zone name|googleapi: Error 404|ManagedZones\.(Get|List) .*googleapi: Error 400|cloudflare: .*\b7003: /i,
    title: "The issuer does not find the DNS zone of the host",
    why: "The zone is not delegated yet, or the credential does not see it, or sees two of that name.",
    command: prove,
  },
  {
    id: "log-credential-refused",
    severity,
    pattern:
      /googleapi: Error 40[13]|invalid_grant|unauthorized_client|cannot fetch token: 40\d|GCE metadata .*not defined|compute: Received 40\d|generate access token|could not find default credentials|cloudflare: .*(authentication error|invalid access token|\[status code 40[13]\]|\b(1000|6003|6111|9109|10000): )/i,
    title: "The DNS provider refuses the credential",
    why: "It is deleted or expired, or lacks a right. The provider keeps what it read at its start until a restart.",
    command: prove,
  },
  {
    id: "log-api-unreachable",
    severity,
    pattern:
      /unable to communicate with the API server|unable to read response body:|unable to unmarshal response:|unexpected status code: \[status code|cannot fetch token: |\\?"https:\/\/[\w.-]*(googleapis\.com|api\.cloudflare\.com)\//i,
    title: "The pod does not reach the DNS provider's API",
    why: "It calls the API on port 443 by itself, and knows no proxy but the one of its own environment. What answers may also be a firewall's page.",
    command: askApi,
  },
  {
    id: "log-record-refused",
    severity,
    pattern:
      /failed to create TXT record|failed to (perform|get) changes|googleapi: Error 4\d\d|cloudflare: .*\[status code 4\d\d\]/i,
    // Of the deletion there is more to say than that it was refused.
    means: (text) => !/cleaning up failed|failed to delete TXT record/i.test(text),
    title: "The DNS provider refuses the challenge's TXT record",
    why: "Such a record, or another of that name, is there already, or the zone has as many records as it may have. The line says which.",
    command: (expected) => shell`dig ${challengeName(expected)} TXT`,
  },
  {
    id: "log-propagation",
    severity,
    pattern: /propagation: time limit exceeded|time limit exceeded: last error/i,
    title: "The challenge's TXT record was not seen in time",
    why: "The DNS provider took it, and the name servers that DNS names for the zone do not have it: they are another's, or slow.",
    command: (expected) => shell`dig ${challengeName(expected)} TXT +trace`,
  },
];
