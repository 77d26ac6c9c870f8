import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { dnsFacts } from "../../../doctor/facts/dns.ts";
import { NotAvailable } from "../../../doctor/finding.ts";

/** Record types and response codes (RFC 1035, sections 3.2.2 and 4.1.1; RFC 3596). */
const A = 1;
const AAAA = 28;
const refused = 5;
const noSuchName = 3;

/** The responses of a server: an address by name and type, or a code by name. */
type Answers = Readonly<Record<string, Buffer | number>>;

describe("the addresses outside of this network", () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) {
      socket.close();
    }
  });

  async function server(answers: Answers): Promise<string> {
    const socket = createSocket("udp4");
    sockets.push(socket);
    socket.on("message", (query, { address, port }) => {
      const end = query.indexOf(0, 12) + 5;
      const labels: string[] = [];
      for (let at = 12; query[at] !== 0; at += 1 + (query[at] ?? 0)) {
        labels.push(query.toString("latin1", at + 1, at + 1 + (query[at] ?? 0)).toLowerCase());
      }
      const name = labels.join(".");
      const type = query.readUInt16BE(end - 4);
      const found = answers[`${name} ${type}`] ?? answers[name];
      const data = Buffer.isBuffer(found) ? found : undefined;
      const header = Buffer.from(query.subarray(0, 12));
      header.writeUInt16BE(0x8180 + (typeof found === "number" ? found : 0), 2);
      header.writeUInt16BE(data === undefined ? 0 : 1, 6);
      header.writeUInt32BE(0, 8);
      const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data?.length ?? 0]);
      const parts = [header, query.subarray(12, end), ...(data ? [record, data] : [])];
      socket.send(Buffer.concat(parts), port, address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return `127.0.0.1:${socket.address().port}`;
  }

  const ask = (outside: readonly string[], timeout = 2_000) =>
    dnsFacts([], timeout, outside).outside("provider.example.test");

  it("are queried at the outside servers, for both families", async () => {
    const address = await server({
      [`provider.example.test ${A}`]: Buffer.from([203, 0, 113, 7]),
      [`provider.example.test ${AAAA}`]: Buffer.from("20010db8000000000000000000000007", "hex"),
    });
    assert.deepEqual(await ask([address]), {
      server: address,
      ipv4: ["203.0.113.7"],
      ipv6: ["2001:db8::7"],
    });
  });

  it("are none for a name that does not exist, or has no address", async () => {
    const missing = await server({ "provider.example.test": noSuchName });
    const empty = await server({});
    for (const address of [missing, empty]) {
      assert.deepEqual(await ask([address]), { server: address, ipv4: [], ipv6: [] });
    }
  });

  it("are not available if the servers refuse or do not respond", async () => {
    const refusing = await server({ "provider.example.test": refused });
    const silent = createSocket("udp4").bind(0, "127.0.0.1");
    sockets.push(silent);
    await once(silent, "listening");
    for (const address of [refusing, `127.0.0.1:${silent.address().port}`]) {
      await assert.rejects(ask([address], 300), (error: unknown) => {
        assert(error instanceof NotAvailable);
        assert.match(error.message, /^DNS does not respond for provider\.example\.test \(/);
        return true;
      });
    }
  });

  it("are not queried if the user passed DNS servers", async () => {
    const facts = dnsFacts(["192.0.2.1"], 300, ["192.0.2.2"]);
    assert.equal(await facts.outside("provider.example.test"), undefined);
  });
});
