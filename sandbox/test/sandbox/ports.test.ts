import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

import { findPorts, isFree } from "../../processes/ports.ts";

describe("ports", function () {
  it("finds a different free port for each name", async function () {
    const names = Array.from({ length: 20 }, (_, index) => `port${index}`);
    const ports = Object.values(await findPorts(names));
    assert.equal(new Set(ports).size, names.length);
    for (const port of ports) {
      assert(await isFree(port));
    }
  });

  it("keeps the ports of an earlier run if they are free", async function () {
    const before = await findPorts(["a", "b"]);
    assert.deepEqual(await findPorts(["a", "b"], before), before);
  });

  it("chooses another port if a server listens on the earlier one", async function () {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.notEqual((await findPorts(["a"], { a: port })).a, port);
    server.close();
  });

  it("treats a port that is used only for UDP as used", async function () {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    assert.equal(await isFree(socket.address().port), false);
    socket.close();
  });
});
