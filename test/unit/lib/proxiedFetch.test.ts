import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { apiTokens } from "../../../dns/cloudflare/tokens.ts";
import { keyClient } from "../../../dns/googleCloud/client.ts";
import { serviceAccountKeys } from "../../../dns/googleCloud/keys.ts";
import { coreApi } from "../../../lib/kubernetesApi.ts";
import { proxiedFetch } from "../../../lib/proxiedFetch.ts";
import { ForwardProxy } from "../../support/forwardProxy.ts";
import { SocksProxy } from "../../support/socksProxy.ts";

describe("the program's own requests, where only a proxy has a route", () => {
  const variables = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
  ];
  const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  let proxy: ForwardProxy;
  let server: Server;
  let port: number;
  /** Paths that were requested from the server. */
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const success = { success: true, errors: [], messages: [], result: [] };
      const token = { access_token: "ya29.test", token_type: "Bearer", expires_in: 3600 };
      const status = request.url === "/teapot" ? 418 : 200;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...success, ...token, items: [] }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
    proxy = await ForwardProxy.start(["cloud.hidden"]);
    variables.forEach((name) => {
      delete process.env[name];
    });
  });

  afterEach(() => {
    proxy.stop();
    server.close();
    server.closeAllConnections();
    for (const name of variables) {
      delete process.env[name];
      Object.assign(process.env, before[name] === undefined ? {} : { [name]: before[name] });
    }
  });

  const calls: Readonly<Record<string, (base: string) => Promise<unknown>>> = {
    "fetch, whatever the status": async (base) => {
      const response = await proxiedFetch(`${base}/teapot`, { method: "POST", body: "x" });
      assert.equal(response.status, 418);
      assert.equal(((await response.json()) as { success: boolean }).success, true);
    },
    "the list of Cloudflare's tokens": (base) =>
      apiTokens("name", undefined, { endpoint: base, apiToken: "token" }).list(),
    "the list of Google's keys": (base) =>
      serviceAccountKeys("me@x.test", { iamEndpoint: `${base}/v1/`, accessToken: "t" }).list(),
    "a token for a key, from the key file's address": async (base) => {
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const key = {
        type: "service_account",
        client_email: "me@x.test",
        private_key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
        token_uri: `${base}/token`,
      } as Parameters<typeof keyClient>[0];
      await keyClient(key, ["scope"]).request({ url: `${base}/v1/thing` });
      assert.deepEqual(asked, ["/token", "/v1/thing"]);
    },
    "the Kubernetes client": async (base) => {
      const kubeconfig = JSON.stringify({
        "current-context": "a",
        clusters: [{ name: "a", cluster: { server: base } }],
        contexts: [{ name: "a", context: { cluster: "a" } }],
      });
      await (await coreApi({ kubeconfig })).listNamespacedSecret({ namespace: "x" });
    },
  };
  for (const [what, call] of Object.entries(calls)) {
    for (const variable of ["HTTP_PROXY", "http_proxy"]) {
      it(`${what} goes through ${variable}`, async () => {
        process.env[variable] = proxy.url;
        await call(`http://cloud.hidden:${port}`);
        assert(proxy.log.length > 0 && proxy.log.every((to) => to === `cloud.hidden:${port}`));
        assert(asked.length > 0);
      });
    }

    for (const user of [undefined, { name: "me", password: "secret" }]) {
      it(`${what} goes through a SOCKS proxy${user ? " with authentication" : ""}, which resolves the name`, async () => {
        const socks = await SocksProxy.start(["cloud.hidden"], user);
        try {
          process.env.HTTP_PROXY = socks.url;
          await call(`http://cloud.hidden:${port}`);
          assert(socks.log.length > 0 && socks.log.every((to) => to === `cloud.hidden:${port}`));
          assert(asked.length > 0);
        } finally {
          socks.stop();
        }
      });
    }

    it(`${what} bypasses it for this machine, and for the entries of NO_PROXY`, async () => {
      process.env.HTTP_PROXY = proxy.url;
      process.env.HTTPS_PROXY = proxy.url;
      await call(`http://127.0.0.1:${port}`);
      process.env.no_proxy = ".hidden";
      asked.length = 0;
      await assert.rejects(call(`http://cloud.hidden:${port}`));
      assert.deepEqual([proxy.log, asked], [[], []]);
    });
  }
});
