import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { loopback } from "../../sandbox/processes/ports.ts";

/** The methods by which a client authenticates (RFC 1928, section 3). */
const methods = { nobody: 0, password: 2, none: 0xff } as const;

/** Kinds of addresses (RFC 1928, section 5). */
const addresses = { v4: 1, name: 3 } as const;

/** The user of the proxy and the password; without a user, no authentication is required. */
export interface SocksUser {
  readonly name: string;
  readonly password: string;
}

/**
 * A SOCKS5 proxy (RFC 1928, with the passwords of RFC 1929) that records the requested destinations, and is the
 * only one to resolve some names: to 127.0.0.1.
 */
export class SocksProxy {
  /** Requested hosts and ports, in order. */
  readonly log: string[] = [];
  readonly #names: ReadonlySet<string>;
  readonly #user: SocksUser | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(names: readonly string[], user: SocksUser | undefined) {
    this.#names = new Set(names);
    this.#user = user;
    this.#server = createServer((client) => {
      this.#sockets.add(client);
      client.on("error", () => client.destroy());
      this.#serve(client).catch(() => client.destroy());
    });
  }

  /**
   * @param names names that no other resolver knows
   * @param user the only user. Default: no authentication
   */
  static async start(names: readonly string[], user?: SocksUser): Promise<SocksProxy> {
    const proxy = new SocksProxy(names, user);
    proxy.#server.listen(0, loopback);
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Its URL, including the user. */
  get url(): string {
    const user = this.#user === undefined ? "" : `${this.#user.name}:${this.#user.password}@`;
    return `socks5://${user}${loopback}:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
  }

  async #serve(client: Socket): Promise<void> {
    const [, count = 0] = await taken(client, 2);
    const offered = [...(await taken(client, count))];
    const wanted = this.#user === undefined ? methods.nobody : methods.password;
    client.write(Buffer.from([5, offered.includes(wanted) ? wanted : methods.none]));
    if (this.#user !== undefined) {
      const [, nameLength = 0] = await taken(client, 2);
      const name = await taken(client, nameLength);
      const [passwordLength = 0] = await taken(client, 1);
      const password = await taken(client, passwordLength);
      const known =
        name.toString() === this.#user.name && password.toString() === this.#user.password;
      client.write(Buffer.from([1, known ? 0 : 1]));
    }
    const [, , , kind = 0] = await taken(client, 4);
    const [length = 0] = kind === addresses.name ? await taken(client, 1) : [4];
    const address = await taken(client, length);
    const host = kind === addresses.v4 ? address.join(".") : address.toString();
    const port = (await taken(client, 2)).readUInt16BE();
    this.log.push(`${host}:${port}`);
    const onward = connect(port, this.#names.has(host) ? loopback : host);
    onward.on("error", () => client.destroy());
    client.on("close", () => onward.destroy());
    await once(onward, "connect");
    client.write(Buffer.from([5, 0, 0, addresses.v4, 127, 0, 0, 1, 0, 0]));
    client.pipe(onward).pipe(client);
  }
}

/** The next bytes of a connection. */
async function taken(socket: Socket, length: number): Promise<Buffer> {
  if (length === 0) {
    return Buffer.alloc(0);
  }
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes !== null) {
      return bytes;
    }
    await once(socket, "readable");
  }
}
