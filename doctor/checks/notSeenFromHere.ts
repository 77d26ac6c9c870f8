import { isIP } from "node:net";
import { placeholder, shell, type ShellText } from "../../lib/shell.ts";
import type { Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { apiPort } from "../facts/wire.ts";
import { found, ifSeen, type Finding, type Problem, type Sighting } from "../finding.ts";

/** What both ports have in common. */
const why =
  "Inside the cluster it is as it should be. A router that does not lead its own network's requests to its public address (no hairpin NAT) looks like that, a firewall that lets only some through, and one that lets nobody through: only from outside can be told which. Ask from another network, such as a telephone's. With an address that leads there from here, the doctor can look: `--resolve`.";

/** A finding's command, as it is run on another machine. */
function elsewhere(command: ShellText): ShellText {
  return shell`ssh ${placeholder("machine")} ${command}`;
}

/** That a port does not answer here, and is well inside the cluster. */
export function unseen(port: number, look: (expected: Expectation) => ShellText): Problem {
  return {
    id: `port-${port}-unseen`,
    severity: "warning",
    title: `Port ${port} of the provider's host is not seen from here`,
    why,
    command: (expected) => elsewhere(look(expected)),
  };
}

/**
 * What to say of a port that does not answer from here: that it is closed, or that it cannot be seen, where a look from
 * inside the cluster says that the provider is there.
 *
 * @param inside what is well inside, or undefined; asked for only where it counts
 */
export async function closedOrUnseen(
  context: Pick<Context, "expected" | "dns" | "cluster" | "reached">,
  [closed, unseen]: readonly [closed: Problem, unseen: Problem],
  sighting: Sighting,
  inside: () => Promise<string | undefined>,
): Promise<Finding> {
  const { expected, reached } = context;
  // Where the reader has told an address, that one is meant to answer.
  const seenInside =
    reached.length > 0 || (await hasAddressOfCluster(context)) ? undefined : await inside();
  return seenInside === undefined
    ? found(closed, expected, sighting)
    : found(unseen, expected, { ...sighting, seen: `${sighting.seen}; inside, ${seenInside}` });
}

/** What answers on the provider's port inside the cluster; undefined where nothing is seen there. */
export async function insideAnswer({
  expected: { names },
  cluster,
}: Pick<Context, "expected" | "cluster">): Promise<string | undefined> {
  const { pod, service } = await cluster.inside();
  if (service === true) {
    return `the Service ${names.fullname} answers on port ${apiPort}`;
  }
  return pod ? `the pod ${names.pod} answers on port ${apiPort}` : undefined;
}

/** Whether the API server answers at an address of the host: then there is a way to that address from here. */
async function hasAddressOfCluster({
  expected,
  dns,
  cluster,
}: Pick<Context, "expected" | "dns" | "cluster">): Promise<boolean> {
  const server = cluster.serverHost;
  const all = async (name: string) => {
    const { ipv4 = [], ipv6 = [] } = (await ifSeen(dns.addresses(name))) ?? {};
    return [...ipv4, ...ipv6];
  };
  const ofServer = isIP(server) === 0 ? await all(server) : [server];
  const ofHost = await all(expected.host);
  return ofServer.some((address) => ofHost.includes(address));
}
