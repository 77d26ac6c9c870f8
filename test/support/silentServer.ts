import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * How a server is silent: it takes the connection and says nothing, so that no TLS handshake ends either; or it begins an
 * answer of HTTP and never ends it.
 */
export const silences = ["says nothing", "stops in the body"] as const;

/** A server of this machine that answers nobody. */
export class SilentServer {
  /** The connections that it has taken. */
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
        // Without it nothing of a closed connection is seen.
        socket.resume();
      }
    });
  }

  /** Starts one at a free port. */
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
