import { loopback, presentSandbox, rootOfCertificates } from "../sandbox/index.ts";
import type { DoctorArguments, GivenAddress } from "./arguments.ts";
import { apiPort, challengePort, ingressPort } from "./facts/wire.ts";

/**
 * Directs the doctor to the sandbox of `npm start`: to its cluster, clouds and Pulumi by this process's environment, to
 * its DNS server, and to its ports of the provider's host. In the environment of another sandbox that one is used.
 *
 * @throws UserError when the sandbox is not running
 */
export async function inSandbox(args: DoctorArguments): Promise<DoctorArguments> {
  const sandbox = presentSandbox();
  const { environment, dns, ports } = sandbox;
  Object.assign(process.env, environment);
  const at = (port: number) => ({ address: loopback, port });
  const own: [string, GivenAddress][] = [
    [`*:${challengePort}`, at(ports.http)],
    [`*:${apiPort}`, at(ports.providerApi)],
    [`*:${ingressPort}`, at(ports.https)],
  ];
  // An address for any port of any host takes precedence over the sandbox's ports.
  const resolve = new Map([...(args.resolve.has("*") ? [] : own), ...args.resolve]);
  return {
    ...args,
    resolve,
    dnsServers: [dns.address, ...args.dnsServers],
    ca: [await rootOfCertificates(sandbox), ...args.ca],
  };
}
