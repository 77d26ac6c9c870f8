import { runningSandbox } from "../sandbox/cluster.ts";
import { defaultSandboxDirectory } from "../sandbox/paths.ts";
import type { DoctorArguments } from "./arguments.ts";

/**
 * Turns the doctor to the sandbox of `npm start`: its cluster, clouds and Pulumi by this process's environment, and its
 * DNS server.
 *
 * @throws UserError when it is not running
 */
export function inSandbox(args: DoctorArguments): DoctorArguments {
  const { environment, dns } = runningSandbox(defaultSandboxDirectory);
  Object.assign(process.env, environment);
  return { ...args, dnsServers: [dns.address, ...args.dnsServers] };
}
