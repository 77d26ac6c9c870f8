import { connect } from "node:net";
import type { Address } from "../arguments.ts";
import { hasCode, messageOf } from "../../lib/errors.ts";
import { NotSeen } from "../finding.ts";

/** How long a connection may take to be made, in milliseconds. */
const timeout = 5_000;

/** What this machine says of itself where it has no way to addresses of that family. */
const noWay = ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];

/**
 * Whether something listens at an address.
 *
 * @returns undefined where something does, else why not
 * @throws NotSeen where this machine has no way to such an address
 */
export async function reach({ address, port }: Address): Promise<string | undefined> {
  try {
    await connected(address, port);
    return undefined;
  } catch (error) {
    if (noWay.some((code) => hasCode(error, code))) {
      throw new NotSeen(`this machine has no way to ${address} (${messageOf(error)})`);
    }
    return `${address}:${port}: ${messageOf(error)}`;
  }
}

function connected(host: string, port: number): Promise<void> {
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no connection within ${timeout / 1_000} s`));
    }, timeout);
    socket.on("connect", () => {
      socket.destroy();
      done();
    });
    socket.on("error", failed);
    socket.on("close", () => {
      clearTimeout(timer);
    });
  });
}
