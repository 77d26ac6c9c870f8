import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { randomInt } from "node:crypto";
import { UserError } from "../../lib/errors.ts";

/** The only address that the sandbox listens on. */
export const loopback = "127.0.0.1";

// Below 32768, where Linux's range for outgoing connections begins: such a connection could occupy a port between
// the check and its use.
const [firstPort, lastPort] = [20_000, 31_999];
const attempts = 200;

/**
 * Finds a port of 127.0.0.1 for each name that is free for TCP and UDP.
 *
 * @param names One port is found for each; no two get the same.
 * @param preferred Ports of an earlier run, which are kept if they are still free, so that addresses stay the same
 * across starts.
 * @throws UserError when there is no free port.
 */
export async function findPorts<Name extends string>(
  names: readonly Name[],
  preferred?: Readonly<Partial<Record<Name, number>>>,
): Promise<Record<Name, number>> {
  const taken = new Set<number>();
  const ports: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const port = await findPort(taken, preferred?.[name]);
    taken.add(port);
    ports[name] = port;
  }
  return ports as Record<Name, number>;
}

/** Whether nothing listens on this TCP and UDP port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  return (await isTcpFree(port)) && (await isUdpFree(port));
}

async function findPort(taken: ReadonlySet<number>, preferred?: number): Promise<number> {
  if (preferred !== undefined && !taken.has(preferred) && (await isFree(preferred))) {
    return preferred;
  }
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(firstPort, lastPort + 1);
    if (!taken.has(port) && (await isFree(port))) {
      return port;
    }
  }
  throw new UserError(`No free port found on ${loopback} between ${firstPort} and ${lastPort}.`);
}

async function isTcpFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, loopback);
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function isUdpFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    socket.bind(port, loopback);
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
