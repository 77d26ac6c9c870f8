import { ingressDomain } from "../../../chart/gateway.ts";
import { challengeRecord } from "../../../dns/delegation.ts";
import { kubectl } from "../../../lib/clusterCommand.ts";
import { joined, shell, verbatim, type ShellText } from "../../../lib/shell.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf } from "../../facts/wildcard.ts";

/** A kubectl command for the namespace of the wildcard certificate. */
export function inGateway(expected: Expectation, rest: ShellText): ShellText {
  return kubectl({ ...expected, namespace: wildcardOf(expected).namespace }, rest);
}

/** Shows the Certificate with its status. */
export function describeCertificate(expected: Expectation): ShellText {
  const { certificate } = wildcardOf(expected);
  return inGateway(expected, shell`describe certificates.cert-manager.io ${certificate}`);
}

/** Shows the Issuer with its status. */
export function describeIssuer(expected: Expectation): ShellText {
  return inGateway(
    expected,
    shell`describe issuers.cert-manager.io ${wildcardOf(expected).issuer}`,
  );
}

/** Shows cert-manager's orders and challenges with their status. */
export function describeOrders(expected: Expectation): ShellText {
  return inGateway(
    expected,
    shell`describe orders.acme.cert-manager.io,challenges.acme.cert-manager.io`,
  );
}

/** Shows cert-manager's requests for certificates with their conditions. */
export function describeRequests(expected: Expectation): ShellText {
  return inGateway(expected, shell`describe certificaterequests.cert-manager.io`);
}

/** Makes cert-manager retry immediately instead of in hours: it counts the delay from the time of the last failure. */
export function orderAgain(expected: Expectation): ShellText {
  const { certificate } = wildcardOf(expected);
  const patch = JSON.stringify({ status: { lastFailureTime: null } });
  return inGateway(
    expected,
    shell`patch certificates.cert-manager.io ${certificate} --subresource=status --type=merge -p ${patch}`,
  );
}

/** Makes the Gateway's proxy read its certificates again; the names are those of Akash's guide. */
export function restartGateway({ kubeContext, kubeconfig }: Expectation): ShellText {
  return kubectl(
    { kubeContext, kubeconfig, namespace: "nginx-gateway" },
    shell`rollout restart deployment nginx-gateway-fabric`,
  );
}

/** Queries the addresses of a tenant's host. */
export function askTenant({ domain }: Expectation): ShellText {
  return shell`dig any-name.${ingressDomain(domain)} A any-name.${ingressDomain(domain)} AAAA`;
}

/** Queries the TXT record of the wildcard certificate's challenge. */
export function askRecord({ domain }: Expectation): ShellText {
  return shell`dig ${challengeRecord(ingressDomain(domain))} TXT`;
}

/** Queries the CAA records for tenants' hosts, at each name that applies. */
export function askIngressCaa({ domain }: Expectation): ShellText {
  return shell`dig ${ingressDomain(domain)} CAA ${domain} CAA`;
}

/** Connects to a tenant's host like a browser. */
export function connectTenant(expected: Expectation, more: ShellText = shell``): ShellText {
  const name = `any-name.${ingressDomain(expected.domain)}`;
  const connect = shell`openssl s_client -connect ${name}:443 -servername ${name}`;
  return more === "" ? connect : joined([connect, more], " ");
}

/** A command, followed by {@link orderAgain}. */
export function thenOrder(expected: Expectation, command: ShellText): ShellText {
  return shell`${verbatim(command)} && ${verbatim(orderAgain(expected))}`;
}
