import { isIP } from "node:net";
import { UserError } from "./errors.ts";

/**
 * The variable with the DNS servers for queries about a zone's delegation, instead of the zones' own servers and this
 * machine's: addresses, with ports other than 53, separated by commas.
 */
export const dnsServersVariable = "AKASH_DNS_SERVERS";

/**
 * The DNS servers in an environment.
 *
 * @throws UserError when one of them is not an address
 */
export function dnsServersOf(environment: NodeJS.ProcessEnv): readonly string[] {
  const servers = (environment[dnsServersVariable] ?? "")
    .split(",")
    .map((server) => server.trim())
    .filter((server) => server !== "");
  const wrong = servers.find((server) => !isAddress(server));
  if (wrong !== undefined) {
    throw new UserError(
      `${dnsServersVariable} has ${wrong}, which is not an address such as 1.1.1.1, 127.0.0.1:5353 or [2606:4700:4700::1111]:53`,
    );
  }
  return servers;
}

function isAddress(server: string): boolean {
  const [, bracketed, port] = /^\[(.+)\](?::(\d+))?$/.exec(server) ?? [];
  if (bracketed !== undefined) {
    return isIP(bracketed) === 6 && isPort(port);
  }
  const [address = "", ...rest] = server.split(":");
  return isIP(server) !== 0 || (isIP(address) === 4 && rest.length === 1 && isPort(rest[0]));
}

function isPort(text: string | undefined): boolean {
  return (
    text === undefined || (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536)
  );
}
