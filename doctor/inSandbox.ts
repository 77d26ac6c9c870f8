import { loopback, presentSandbox, rootOfCertificates } from "../sandbox/index.ts";
import type { DoctorArguments, ToldAddress } from "./arguments.ts";
import { apiPort, challengePort, ingressPort } from "./facts/wire.ts";

/**
 * Turns the doctor to the sandbox of `npm start`: its cluster, clouds and Pulumi by this process's environment, its DNS
 * server, and what answers there at the provider's host. In the environment of another sandbox it is that one.
 *
 * @throws UserError when it is not running
 */
export async function inSandbox(args: DoctorArguments): Promise<DoctorArguments> {
  const sandbox = presentSandbox();
  const { environment, dns, ports } = sandbox;
  Object.assign(process.env, environment);
  const at = (port: number) => ({ address: loopback, port });
  const own: [string, ToldAddress][] = [
    [`*:${challengePort}`, at(ports.http)],
    [`*:${apiPort}`, at(ports.providerApi)],
    [`*:${ingressPort}`, at(ports.https)],
  ];
  // An address for any port of any host leaves none to the sandbox.
  const resolve = new Map([...(args.resolve.has("*") ? [] : own), ...args.resolve]);
  return {
    ...args,
    resolve,
    dnsServers: [dns.address, ...args.dnsServers],
    ca: [await rootOfCertificates(sandbox), ...args.ca],
  };
}
