import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Cloudflare from "cloudflare";
import { cloudflareAnswer } from "../../dns/cloudflare/answer.ts";
import { operatorClient as cloudflareOperator } from "../../dns/cloudflare/client.ts";
import { proveCloudflareToken } from "../../dns/cloudflare/proof.ts";
import { googleCloudAnswer } from "../../dns/googleCloud/answer.ts";
import { operatorClient as googleOperator } from "../../dns/googleCloud/operator.ts";
import { proveGoogleCloudKey } from "../../dns/googleCloud/proof.ts";
import { dnsFacts } from "../../doctor/facts/dns.ts";
import { knownRoots } from "../../doctor/facts/knownRoots.ts";
import { wireFacts } from "../../doctor/facts/wire.ts";
import { coreApi, type ClusterTimeouts } from "../../lib/kubernetesApi.ts";
import { silences, SilentServer } from "../support/silentServer.ts";

/** How long the requests of these tests may take, in milliseconds. */
const timeout = 300;

/** What becomes of each client's request at a server that takes the connection and does not respond. */
describe("a server that takes the connection and is silent", () => {
  let server: SilentServer;
  let began: number;

  afterEach(() => {
    server.stop();
  });

  /** The message with which a request fails, in the time that it has. */
  async function failure(request: Promise<unknown>, patience = timeout): Promise<string> {
    const error: unknown = await request.then(
      (answer) => assert.fail(`it answers ${JSON.stringify(answer)}`),
      (reason: unknown) => reason,
    );
    assert(error instanceof Error);
    const seconds = (Date.now() - began) / 1_000;
    // Machines that are busy take their time, and a request that has none would take minutes.
    assert(seconds * 1_000 >= patience && seconds < 20, `${seconds} s`);
    return error.message;
  }

  for (const silence of silences) {
    describe(`and ${silence}`, () => {
      beforeEach(async () => {
        server = await SilentServer.start(silence);
        began = Date.now();
      });
      const url = () => `http://127.0.0.1:${server.port}`;

      const timeouts: ClusterTimeouts = { begin: timeout, request: 400, log: 600 };
      const within = { "says nothing": ["0.3", "0.3"], "stops in the body": ["0.4", "0.6"] }[
        silence
      ];
      const cluster = (at: string) =>
        coreApi({ context: "prod", kubeconfig: kubeconfig(at) }, timeouts);

      it("fails the API server's part in the sentence for it, a log's after its own time", async () => {
        const core = await cluster(url());
        assert.equal(
          await failure(core.readNamespace({ name: "x" })),
          `The cluster does not respond (${url()}, context prod: no answer within ${within[0] ?? ""} s). To check that it is the right cluster: kubectl --context prod cluster-info`,
        );
        began = Date.now();
        assert.match(
          await failure(core.readNamespacedPodLog({ namespace: "x", name: "y" })),
          new RegExp(`: no answer within ${within[1] ?? ""} s\\)`),
        );
      });

      it("fails the proof of a Cloudflare token at once, and the operator's calls", async () => {
        const target = { zone: "example.com", host: "provider.example.com", domain: "example.com" };
        const patience = { endpoint: url(), timeout: 480, requestTimeout: timeout };
        assert.equal(
          await failure(proveCloudflareToken("a".repeat(40), { ...target, ...patience })),
          "Cloudflare does not respond: no answer within 0.3 s",
        );
        assert.equal(server.taken, 1);
        // The time of a call is that of all its repetitions.
        const operator = cloudflareOperator(
          { apiToken: "a".repeat(40), endpoint: url() },
          { timeout },
        );
        const error: unknown = await operator.user.tokens
          .verify()
          .catch((reason: unknown) => reason);
        assert(error instanceof Cloudflare.APIError);
        assert.equal(
          cloudflareAnswer(error),
          "Cloudflare does not respond: no answer within 0.1 s",
        );
      });

      it("fails the proof of a Google key at once, and the operator's calls", async () => {
        const sentence = "Google does not respond (no answer within 0.3 s)";
        const proof = proveGoogleCloudKey(keyFile(`${url()}/token`), {
          ...{ project: "acme-prod", zone: "acme-zone", endpoint: `${url()}/dns/v1/` },
          ...{ host: "provider.example.com", domain: "example.com" },
          ...{ timeout: 480, requestTimeout: timeout },
        });
        assert.equal(await failure(proof), sentence);
        assert.equal(server.taken, 1);
        for (const access of [
          { accessToken: "ya29.test" },
          { credentials: keyFile(`${url()}/token`) },
          {
            accessToken: "ya29.test",
            impersonateServiceAccount: "a@b.iam.gserviceaccount.com",
            iamCredentialsEndpoint: `${url()}/v1/`,
          },
        ]) {
          const operator = await googleOperator(access, timeout);
          const error: unknown = await operator
            .request({ url: `${url()}/zones` })
            .catch((reason: unknown) => reason);
          assert.match(
            googleCloudAnswer(error),
            /^Google does not respond \(no answer within 0\.3 s\)$/,
          );
        }
        assert.equal(server.taken, 4);
      });

      it("does not hold up the search for Google's metadata server", async () => {
        const { GCE_METADATA_HOST: before } = process.env;
        process.env.GCE_METADATA_HOST = `127.0.0.1:${server.port}`;
        try {
          const message = await failure(googleOperator({}, timeout), 0);
          assert.match(message, /this machine has no metadata server/);
        } finally {
          delete process.env.GCE_METADATA_HOST;
          Object.assign(process.env, before !== undefined && { GCE_METADATA_HOST: before });
        }
      }).timeout(20_000);

      it("is unreachable for the doctor, on both ports", async () => {
        const at = { address: "127.0.0.1", port: server.port };
        const wire = wireFacts("provider.example.com", () => Promise.resolve(at), {
          ...{ roots: knownRoots([]), timeout },
        });
        assert.deepEqual(await wire.challenge(), {
          unreachable: `127.0.0.1:${server.port}: no answer within 0.3 s`,
        });
        const certificate = await wire.certificate();
        assert("unreachable" in certificate);
        assert.match(
          certificate.unreachable,
          // What is no TLS ends the handshake.
          silence === "says nothing" ? /: no answer within 0\.3 s$/ : /wrong version number/,
        );
      });
    });
  }

  it("ends no TLS handshake, with which the requests of all clients begin", async () => {
    server = await SilentServer.start("says nothing");
    const url = `https://127.0.0.1:${server.port}`;
    began = Date.now();
    const core = await coreApi(
      { context: "prod", kubeconfig: kubeconfig(url) },
      { begin: timeout },
    );
    assert.match(await failure(core.readNamespace({ name: "x" })), /: no answer within 0\.3 s\)/);
    began = Date.now();
    const patience = { endpoint: url, timeout: 480, requestTimeout: timeout };
    const target = { zone: "example.com", host: "provider.example.com", domain: "example.com" };
    assert.match(
      await failure(proveCloudflareToken("a".repeat(40), { ...target, ...patience })),
      /no answer within 0\.3 s/,
    );
    const operator = await googleOperator({ accessToken: "ya29.test" }, timeout);
    const error: unknown = await operator.request({ url }).catch((reason: unknown) => reason);
    assert.match(googleCloudAnswer(error), /no answer within 0\.3 s/);
  });

  it("is a DNS server that does not respond, by UDP or by TCP", async () => {
    server = await SilentServer.start("says nothing");
    const { port } = server;
    // In this order: next to nobody has a port of UDP.
    const udp = createSocket("udp4");
    udp.bind(port, "127.0.0.1");
    await once(udp, "listening");
    try {
      const sentence = "DNS does not respond for example.com (no answer within 0.3 s)";
      const dns = dnsFacts([`127.0.0.1:${port}`], timeout);
      for (const ask of [
        () => dns.addresses("example.com"),
        () => dns.caa("example.com"),
        () => dns.alias("example.com"),
      ]) {
        began = Date.now();
        assert.equal(await failure(ask()), sentence);
      }
      assert.equal(server.taken, 0);
      // An answer that is cut off (RFC 1035, 4.1.1: QR and TC) sends who asks to TCP.
      udp.on("message", (bytes, from) => {
        bytes.writeUInt8(bytes.readUInt8(2) | 0x82, 2);
        udp.send(bytes, from.port, from.address);
      });
      began = Date.now();
      assert.equal(await failure(dns.addresses("example.com")), sentence);
      assert(server.taken > 0);
    } finally {
      udp.close();
    }
  });

  it("is a credential plugin that says nothing, with all that it has started", async () => {
    server = await SilentServer.start("says nothing");
    const directory = mkdtempSync(join(tmpdir(), "plugin-"));
    try {
      const command = join(directory, "plugin");
      writeFileSync(command, "#!/bin/sh\ntrap '' TERM\nsleep 60\ntrue\n");
      chmodSync(command, 0o755);
      const apiVersion = "client.authentication.k8s.io/v1";
      const user = { exec: { apiVersion, command, interactiveMode: "Never" } };
      const core = await coreApi(
        { context: "prod", kubeconfig: kubeconfig(`https://127.0.0.1:${server.port}`, user) },
        { plugin: timeout },
      );
      began = Date.now();
      assert.equal(
        await failure(core.readNamespace({ name: "x" })),
        `The kubeconfig's credential plugin ${command} gives no answer within 0.3 s. Test it: kubectl auth whoami`,
      );
      assert.equal(server.taken, 0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

function kubeconfig(server: string, user: object = {}): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
  });
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

function keyFile(tokenUri: string): string {
  return JSON.stringify({
    type: "service_account",
    client_email: "dns@acme-prod.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: tokenUri,
  });
}
