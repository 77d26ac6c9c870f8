import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

import { createAuthority } from "../../cluster/certificates.ts";
import { isHealthy } from "../../cluster/http.ts";

describe("certificates", function () {
  it("name user and groups in a client's subject, in the form that Kubernetes reads", async function () {
    const authority = await createAuthority("test");
    const { certificate } = await authority.client("admin", ["system:masters"]);
    const parsed = new X509Certificate(certificate);
    assert.equal(parsed.subject, "CN=admin\nO=system:masters");
    assert(parsed.verify(new X509Certificate(authority.certificate).publicKey));
  });

  it("let client and server trust only each other", async function () {
    const authority = await createAuthority("test");
    const { certificate, key } = await authority.server("server");
    const options = { cert: certificate, key, ca: authority.certificate, requestCert: true };
    const server = createServer(options, (_request, response) => {
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const client = await authority.client("admin");
      const ca = authority.certificate;
      assert(await isHealthy(url, { ca, cert: client.certificate, key: client.key }));
      const other = await createAuthority("other");
      await assert.rejects(isHealthy(url, { ca: other.certificate }));
      const stranger = await other.client("admin");
      await assert.rejects(isHealthy(url, { ca, cert: stranger.certificate, key: stranger.key }));
    } finally {
      server.close();
    }
  });
});
