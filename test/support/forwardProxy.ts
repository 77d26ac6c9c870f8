import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { loopback } from "../../sandbox/processes/ports.ts";

/** A forward proxy that records the requested destinations, and is the only one to resolve some names: to 127.0.0.1. */
export class ForwardProxy {
  /** Requested hosts and ports, in order. */
  readonly log: string[] = [];
  readonly #names: ReadonlySet<string>;
  readonly #server: Server;

  private constructor(names: readonly string[]) {
    this.#names = new Set(names);
    this.#server = createServer((incoming, outgoing) => {
      const url = new URL(incoming.url ?? "", "http://nowhere.invalid");
      this.log.push(url.host);
      const { method, headers } = incoming;
      const path = `${url.pathname}${url.search}`;
      const target = { host: this.#addressOf(url.hostname), port: url.port, path, method, headers };
      const onward = request(target, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.writeHead(502).end());
      incoming.pipe(onward);
    });
    this.#server.on("connect", ({ url = "" }, client, head: Buffer) => {
      this.log.push(url);
      const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(url) ?? [];
      const onward = connect(Number(port), this.#addressOf(host), () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        onward.write(head);
        onward.pipe(client).pipe(onward);
      });
      onward.on("error", () => client.destroy());
      client.on("error", () => onward.destroy());
    });
  }

  /** @param names names that no other resolver knows */
  static async start(names: readonly string[]): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(names);
    proxy.#server.listen(0, loopback);
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://${loopback}:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #addressOf(host: string): string {
    return this.#names.has(host) ? loopback : host;
  }
}
