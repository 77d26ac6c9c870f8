import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A stand-in for the management API of pebble-challtestsrv, which adds values in the same way. */
export class ChallengeServer {
  readonly #server: Server;
  readonly #texts = new Map<string, string[]>();

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const { host, value } = JSON.parse(body) as { host: string; value: string };
        if (request.url === "/set-txt") {
          this.#texts.set(host, [...this.texts(host), value]);
        } else {
          this.#texts.delete(host);
        }
        response.end();
      });
    });
  }

  static async start(): Promise<ChallengeServer> {
    const challenges = new ChallengeServer();
    await new Promise<void>((resolve) => challenges.#server.listen(0, "127.0.0.1", resolve));
    return challenges;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  texts(host: string): string[] {
    return this.#texts.get(host) ?? [];
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}
