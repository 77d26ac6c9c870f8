import { placeholder, shell } from "../../../lib/shell.ts";
import { hasWildcard, type Check, type Context } from "../../check.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf } from "../../facts/wildcard.ts";
import { ingressPort, type ServedCertificate } from "../../facts/wire.ts";
import { found, ifSeen, NotSeen, type Finding, type Problem } from "../../finding.ts";
import { usesLetsEncrypt } from "../issuerErrors.ts";
import { insideAnswer } from "../notSeenFromHere.ts";
import { connectTenant, restartGateway } from "./commands.ts";

const closed: Problem = {
  id: "port-443-closed",
  severity: "error",
  title: "Port 443 does not answer for tenants' hosts",
  why: "No tenant's deployment can be reached by HTTPS. The Gateway does not run, or has no listener for `*.ingress.<domain>`, or a firewall is in front of it.",
  command: (expected) => connectTenant(expected),
};

const another: Problem = {
  id: "wildcard-served-another",
  severity: "error",
  title: "Port 443 serves another certificate for tenants' hosts than the one in the Secret",
  why: "The Gateway goes on with an older one, which a restart ends, or it reads another Secret, or another server answers there.",
  command: restartGateway,
};

const untrusted: Problem = {
  id: "wildcard-chain",
  severity: "error",
  title: "The certificate of tenants' hosts does not lead to a root that this machine knows",
  why: "Browsers refuse it. It is not from Let's Encrypt, or what leads from it to the root is left out or not valid now.",
  command: (expected) => connectTenant(expected, shell`-showcerts`),
};

const privateRoot: Problem = {
  id: "wildcard-root-private",
  severity: "info",
  title:
    "The certificate of tenants' hosts leads to a root that this machine does not know, as that of a private CA",
  why: "So nothing tells whether the stack's CA has signed it. With the CA's root at hand, the doctor can.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --ca ${placeholder("root.pem")}`,
};

/** What is served to whoever asks for a tenant's host. */
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
      await refuseBlind(context, seen);
      return { seen, found: [found(closed, expected, { expected: "a TLS server", seen })] };
    }
    const held = (await ifSeen(wildcard.secret()))?.certificate;
    const others = identity(served, held, expected);
    return {
      seen: `${wildcard.host}: ${served.names.join(", ")} by ${served.issuer}`,
      // Where another certificate leads is beside the point.
      found: others.length > 0 ? others : trust(served, expected),
    };
  },
};

/** Says that nothing is seen from here where that is so of the provider's own port, too, which answers in the cluster. */
async function refuseBlind(context: Context, unreachable: string): Promise<void> {
  const { wire, wildcard, dns } = context;
  const { ipv4 = [], ipv6 = [] } = (await ifSeen(dns.addresses(wildcard.host))) ?? {};
  if (wildcard.toldAddress === undefined && ipv4.length + ipv6.length === 0) {
    throw new NotSeen(unreachable);
  }
  const inside =
    wildcard.toldAddress === undefined && "unreachable" in (await wire.certificate())
      ? await insideAnswer(context)
      : undefined;
  if (inside !== undefined) {
    throw new NotSeen(
      `${unreachable}; nor does port 8443 answer here, and inside, ${inside}. With an address that leads there from here, the doctor can look: --resolve '*:${ingressPort}=ADDRESS'`,
    );
  }
}

function identity(
  served: ServedCertificate,
  held: ServedCertificate | undefined,
  expected: Expectation,
): Finding[] {
  // Without a look at the Secret, its names alone tell.
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
      expected: "a chain to a root that is known here",
      seen:
        outOfTime === undefined
          ? `${end}, the last by ${issuer}${selfSigned ? ", which is of its own signature" : ""}`
          : `a certificate that is not valid now: ${outOfTime}`,
    }),
  ];
}
