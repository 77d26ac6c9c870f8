import { isIP } from "node:net";
import { placeholder, shell, type ShellText } from "../../lib/shell.ts";
import type { Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { apiPort } from "../facts/wire.ts";
import { found, ifAvailable, type Finding, type Problem, type Evidence } from "../finding.ts";

/** The cause, which both ports share. */
const why =
  "Inside the cluster the provider responds. Possible causes are a router that does not route its own network's requests to its public address (no hairpin NAT), or a firewall that blocks some or all clients. Only a request from another network, such as a mobile network, shows the cause. If the port is reachable from here at another address, pass the address to the doctor: `--resolve`.";

/** A finding's command, run on another machine. */
function elsewhere(command: ShellText): ShellText {
  return shell`ssh ${placeholder("machine")} ${command}`;
}

/** A port does not respond to this machine, but the provider responds inside the cluster. */
export function unreachableFromHere(
  port: number,
  request: (expected: Expectation) => ShellText,
): Problem {
  return {
    id: `port-${port}-unseen`,
    severity: "warning",
    title: `Port ${port} of the provider's host is not reachable from here`,
    why,
    command: (expected) => elsewhere(request(expected)),
  };
}

/**
 * The finding for a port that does not respond to this machine: closed, or not reachable from here if the provider
 * responds inside the cluster.
 *
 * @param inside what responds inside the cluster, or undefined; called only if needed
 */
export async function closedOrUnreachable(
  context: Pick<Context, "expected" | "dns" | "cluster" | "reached">,
  [closed, unreachable]: readonly [closed: Problem, unreachable: Problem],
  evidence: Evidence,
  inside: () => Promise<string | undefined>,
): Promise<Finding> {
  const { expected, reached } = context;
  // An address that the user passed has to respond.
  const seenInside =
    reached.length > 0 || (await hasAddressOfCluster(context)) ? undefined : await inside();
  return seenInside === undefined
    ? found(closed, expected, evidence)
    : found(unreachable, expected, {
        ...evidence,
        seen: `${evidence.seen}; inside the cluster, ${seenInside}`,
      });
}

/** What responds on the provider's port inside the cluster; undefined if nothing is known to respond. */
export async function insideAnswer({
  expected: { names },
  cluster,
}: Pick<Context, "expected" | "cluster">): Promise<string | undefined> {
  const { pod, service } = await cluster.inside();
  if (service === true) {
    return `the Service ${names.fullname} responds on port ${apiPort}`;
  }
  return pod ? `the pod ${names.pod} responds on port ${apiPort}` : undefined;
}

/** Whether the API server has an address of the host: then this address is reachable from here. */
async function hasAddressOfCluster({
  expected,
  dns,
  cluster,
}: Pick<Context, "expected" | "dns" | "cluster">): Promise<boolean> {
  const server = cluster.serverHost;
  const all = async (name: string) => {
    const { ipv4 = [], ipv6 = [] } = (await ifAvailable(dns.addresses(name))) ?? {};
    return [...ipv4, ...ipv6];
  };
  const ofServer = isIP(server) === 0 ? await all(server) : [server];
  const ofHost = await all(expected.host);
  return ofServer.some((address) => ofHost.includes(address));
}
