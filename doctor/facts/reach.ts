import { connect } from "node:net";
import type { Address } from "../arguments.ts";
import { hasCode, messageOf } from "../../lib/errors.ts";
import { NotAvailable } from "../finding.ts";

/** How long the connection may take, in milliseconds. */
const timeout = 5_000;

/** This machine's errors if it has no route to addresses of a family. */
const noRoute = ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];

/**
 * Whether something listens at an address.
 *
 * @returns undefined if something listens, otherwise the error
 * @throws NotAvailable if this machine has no route to the address
 */
export async function reach({ address, port }: Address): Promise<string | undefined> {
  try {
    await connected(address, port);
    return undefined;
  } catch (error) {
    if (noRoute.some((code) => hasCode(error, code))) {
      throw new NotAvailable(`this machine has no route to ${address} (${messageOf(error)})`);
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
