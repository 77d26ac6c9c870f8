import { challengeRecord } from "../../dns/delegation.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import type { Expectation } from "../expectation.ts";
import { shell, verbatim, type ShellText } from "../../lib/shell.ts";

/** Queries the addresses of the provider's host. */
export function askAddresses({ host }: Expectation): ShellText {
  return shell`dig ${host} A ${host} AAAA`;
}

/** Queries the CAA records of the domain. */
export function askCaa({ domain }: Expectation): ShellText {
  return shell`dig ${domain} CAA`;
}

/**
 * Requests an HTTP-01 challenge like the CA.
 *
 * @param flags of curl
 */
export function askChallenge({ host }: Expectation, flags: ShellText = shell`-v`): ShellText {
  return shell`curl ${verbatim(flags)} http://${host}/.well-known/acme-challenge/test`;
}

/** The name of the TXT record of a DNS-01 challenge. */
export function challengeName({ host }: Expectation): string {
  return challengeRecord(host);
}

/** Runs a command in the provider's container, with the programs of its image (akash-network/provider, Dockerfile). */
export function inContainer(expected: Expectation, command: ShellText): ShellText {
  return kubectl(expected, shell`exec ${expected.names.pod} -- ${verbatim(command)}`);
}

/**
 * Runs a command in a debug container in the pod's network: the provider's image has no DNS client.
 *
 * @param command of BusyBox
 */
export function fromPod(expected: Expectation, command: ShellText): ShellText {
  return kubectl(
    expected,
    shell`debug ${expected.names.pod} -i -q --image=busybox:1.37 -- ${verbatim(command)}`,
  );
}
