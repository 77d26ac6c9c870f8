import { placeholder, shell } from "../../../lib/shell.ts";
import { hasWildcard, type Check, type Context } from "../../check.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf } from "../../facts/wildcard.ts";
import { ingressPort, type ServedCertificate } from "../../facts/wire.ts";
import { found, ifAvailable, NotAvailable, type Finding, type Problem } from "../../finding.ts";
import { usesLetsEncrypt } from "../issuerErrors.ts";
import { insideAnswer } from "../unreachableFromHere.ts";
import { connectTenant, restartGateway } from "./commands.ts";

const closed: Problem = {
  id: "port-443-closed",
  severity: "error",
  title: "Port 443 does not respond for tenants' hosts",
  why: "No tenant's deployment is reachable over HTTPS. The Gateway is not running, has no listener for `*.ingress.<domain>`, or is behind a firewall.",
  command: (expected) => connectTenant(expected),
};

const another: Problem = {
  id: "wildcard-served-another",
  severity: "error",
  title: "Port 443 serves tenants' hosts with a certificate other than the one in the Secret",
  why: "The Gateway continues to use an older certificate, which a restart fixes, or reads another Secret, or another server responds.",
  command: restartGateway,
};

const untrusted: Problem = {
  id: "wildcard-chain",
  severity: "error",
  title: "The certificate of tenants' hosts does not chain to a known root",
  why: "Browsers refuse the certificate. The certificate is not from Let's Encrypt, or its chain is incomplete or not valid now.",
  command: (expected) => connectTenant(expected, shell`-showcerts`),
};

const privateRoot: Problem = {
  id: "wildcard-root-private",
  severity: "info",
  title: "The certificate of tenants' hosts chains to an unknown root, possibly of a private CA",
  why: "The doctor cannot verify that the stack's CA signed the certificate. To verify it, provide the CA's root.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --ca ${placeholder("root.pem")}`,
};

/** The certificate that is served for a tenant's host. */
export const wildcardServed: Check = {
  id: "wildcard-served",
  group: "Wildcard certificate",
  title: "Port 443 serves the wildcard certificate for any name",
  problems: [closed, another, untrusted, privateRoot],
  applies: hasWildcard,
  run: async (context) => {
    const { expected, wildcard } = context;
    const served = await wildcard.served();
    if ("unreachable" in served) {
      const seen = served.unreachable;
      await requireReachable(context, seen);
      return { seen, found: [found(closed, expected, { expected: "a TLS server", seen })] };
    }
    const held = (await ifAvailable(wildcard.secret()))?.certificate;
    const others = identity(served, held, expected);
    return {
      seen: `${wildcard.host}: ${served.names.join(", ")} by ${served.issuer}`,
      // The chain of another certificate does not matter.
      found: others.length > 0 ? others : trust(served, expected),
    };
  },
};

/** @throws NotAvailable without an address, or if port 8443 is not reachable from here either but responds in the cluster */
async function requireReachable(context: Context, unreachable: string): Promise<void> {
  const { wire, wildcard, dns } = context;
  const { ipv4 = [], ipv6 = [] } = (await ifAvailable(dns.addresses(wildcard.host))) ?? {};
  if (wildcard.givenAddress === undefined && ipv4.length + ipv6.length === 0) {
    throw new NotAvailable(unreachable);
  }
  const inside =
    wildcard.givenAddress === undefined && "unreachable" in (await wire.certificate())
      ? await insideAnswer(context)
      : undefined;
  if (inside !== undefined) {
    throw new NotAvailable(
      `${unreachable}; port 8443 does not respond here either, but inside the cluster, ${inside}. If the port is reachable from here at another address, pass the address to the doctor: --resolve '*:${ingressPort}=ADDRESS'`,
    );
  }
}

function identity(
  served: ServedCertificate,
  held: ServedCertificate | undefined,
  expected: Expectation,
): Finding[] {
  // If the Secret cannot be read, the names alone decide.
  const fits = held === undefined ? served.matchesHost : served.fingerprint === held.fingerprint;
  const describe = ({ names, subject, notAfter, issuer }: ServedCertificate) =>
    `${names.join(", ") || subject} by ${issuer}, until ${notAfter.toISOString()}`;
  return fits
    ? []
    : [
        found(another, expected, {
          expected: held === undefined ? wildcardOf(expected).dnsNames.join(", ") : describe(held),
          seen: describe(served),
        }),
      ];
}

function trust({ selfSigned, chain }: ServedCertificate, expected: Expectation): Finding[] {
  const { end, issuer, outOfTime } = chain;
  if (end === "trusted" && outOfTime === undefined) {
    return [];
  }
  const isWrong = usesLetsEncrypt(expected) || selfSigned || outOfTime !== undefined;
  return [
    found(isWrong ? untrusted : privateRoot, expected, {
      expected: "a chain to a known root",
      seen:
        outOfTime === undefined
          ? `${end}, the last certificate issued by ${issuer}${selfSigned ? ", self-signed" : ""}`
          : `a certificate that is not valid now: ${outOfTime}`,
    }),
  ];
}
