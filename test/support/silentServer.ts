import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * The kinds of silence: the server accepts the connection and sends nothing, so that a TLS handshake does not end;
 * or it begins an HTTP response and does not end it.
 */
export const silences = ["says nothing", "stops in the body"] as const;

/** A server on this machine that does not respond. */
export class SilentServer {
  /** The accepted connections. */
  taken = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(silence: (typeof silences)[number]) {
    this.#server = createServer((socket) => {
      this.taken += 1;
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      if (silence === "stops in the body") {
        socket.once("data", () => {
          const headers = "content-type: application/json\r\ncontent-length: 1000";
          socket.write(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\n{"kind":`);
        });
      } else {
        // Without this, the closing of a connection is not detected.
        socket.resume();
      }
    });
  }

  /** Starts a server on a free port. */
  static async start(silence: (typeof silences)[number]): Promise<SilentServer> {
    const silent = new SilentServer(silence);
    silent.#server.listen(0, "127.0.0.1");
    await once(silent.#server, "listening");
    return silent;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
  }
}
