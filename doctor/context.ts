import { isIP } from "node:net";
import { wildcardName } from "../chart/gateway.ts";
import type { Address, DoctorArguments } from "./arguments.ts";
import type { Context } from "./check.ts";
import { configuredHost, configuredTimeout } from "./configuredTimeout.ts";
import { cloudAccess } from "./cloudAccess.ts";
import { expectation } from "./expectation.ts";
import { clusterFacts } from "./facts/clusterFacts.ts";
import { deployedCredential } from "./facts/deployedCredential.ts";
import { dnsFacts } from "./facts/dns.ts";
import { knownRoots } from "./facts/knownRoots.ts";
import { wildcardFacts } from "./facts/wildcard.ts";
import { apiPort, challengePort, ingressPort, wireFacts } from "./facts/wire.ts";
import { ifAvailable } from "./finding.ts";
import { cloudflareHeaders } from "./facts/front.ts";
import { once } from "./facts/once.ts";
import { reach } from "./facts/reach.ts";
import { encryptedKubeconfig } from "../lib/pulumi.ts";
import { resourceTypes } from "../components/names.ts";
import { readStackState, type StateResource } from "./stackState.ts";
import { shell } from "../lib/shell.ts";

/**
 * The context of one run. Only the stack's state is read here; facts are fetched when the checks request them.
 *
 * @throws UserError when the stack does not exist, or has deployed no provider
 */
export async function readContext(args: DoctorArguments): Promise<Context> {
  const resources = await readStackState(args.stack);
  const deployed = expectation(args.stack, resources);
  const timeout = Math.max(deployed.timeout, configuredTimeout(process.cwd(), args.stack) ?? 0);
  const kubeconfigContent = await ownKubeconfig(args.stack, resources);
  const expected = {
    ...deployed,
    timeout,
    kubeconfigContent,
    ...(deployed.isUnfinished === true && {
      host: configuredHost(process.cwd(), args.stack) ?? "host unknown",
    }),
  };
  const { host } = expected;
  const givenAddress = (port: number, name = host): Address | undefined => {
    const names = [`${name}:${port}`, name, `*:${port}`, "*"];
    const [override] = names.flatMap((name) => args.resolve.get(name) ?? []);
    return override && { port, ...override };
  };
  const cluster = await clusterFacts(expected);
  const dns = dnsFacts(args.dnsServers);
  const addressOf = async (
    port: number,
    name = host,
    override = givenAddress(port),
  ): Promise<Address | undefined> => {
    if (override !== undefined) {
      return override;
    }
    const { ipv4 = [], ipv6 = [] } = (await ifAvailable(dns.addresses(name))) ?? {};
    const [address] = [...ipv4, ...ipv6];
    return address === undefined ? undefined : { address, port };
  };
  const roots = knownRoots(args.ca);
  const givenIngress = givenAddress(ingressPort, wildcardName(expected.domain));
  const wildcard = wildcardFacts(expected, {
    addressOf: (name) => addressOf(ingressPort, name, givenIngress),
    givenAddress: givenIngress?.address,
    roots,
  });
  const secrets = { secret: cluster.secret, wildcard: wildcard.credential };
  return {
    expected,
    cluster,
    dns,
    wire: wireFacts(host, addressOf, { roots }),
    wildcard,
    reach: (address, port) => {
      const names = isIP(address) === 6 ? [`[${address}]:${port}`, `[${address}]`] : [];
      const override = [...names, `${address}:${port}`, address]
        .flatMap((name) => args.resolve.get(name) ?? [])
        .at(0);
      return reach({ address, port, ...override });
    },
    cloudflareHeaders: once(async () => {
      const address = await addressOf(apiPort);
      return address && cloudflareHeaders(host, address);
    }),
    credential: deployedCredential(expected, secrets, await cloudAccess(args.stack, resources)),
    reached: [challengePort, apiPort].flatMap((port) => givenAddress(port)?.address ?? []),
    prove: args.prove,
    now: new Date(),
  };
}

/** The content of the stack's own kubeconfig, if the state contains it encrypted. */
async function ownKubeconfig(
  stack: string,
  resources: readonly StateResource[],
): Promise<string | undefined> {
  const cluster = resources.find(({ type }) => type === resourceTypes.kubernetesProvider);
  const kubeconfig = cluster?.inputs.kubeconfig;
  if (typeof kubeconfig !== "object" || kubeconfig === null) {
    return undefined;
  }
  try {
    const without = `Or give the doctor the kubeconfig: ${shell`KUBECONFIG='FILE' npm run doctor -- -s ${stack}`}`;
    return await encryptedKubeconfig(stack, process.cwd(), without);
  } catch (error) {
    // With KUBECONFIG set, the passphrase is not required.
    if (process.env.KUBECONFIG === undefined) {
      throw error;
    }
    return undefined;
  }
}
