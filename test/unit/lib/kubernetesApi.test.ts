import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createSecureServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coreApi, unlessMissing } from "../../../lib/kubernetesApi.ts";
import { createAuthority, type KeyPair } from "../../../sandbox/cluster/certificates.ts";

describe("a cluster's API", () => {
  let directory: string;
  let own: KeyPair;
  /** The kubeconfig's fields for the server's certificate. */
  let checked: object;
  let server: Server;
  let address: string;
  let status: number;
  let headers: IncomingHttpHeaders[];
  /** Each request's headers, alternating name and value. */
  let raw: (readonly string[])[];

  before(async () => {
    const authority = await createAuthority("authority");
    own = await authority.server("kubernetes");
    const data = Buffer.from(authority.certificate).toString("base64");
    checked = { "certificate-authority-data": data };
  });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "kubernetes-api-"));
    status = 200;
    headers = [];
    raw = [];
    server = createSecureServer({ cert: own.certificate, key: own.key }, (request, response) => {
      headers.push(request.headers);
      raw.push(request.rawHeaders);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", message: "because it says so", items: [] }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(directory, { recursive: true });
  });

  const kubeconfig = (at: string, user: object = {}, cluster: object = {}) =>
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: at, ...checked, ...cluster } }],
      users: [{ name: "u", user }],
      contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
    });

  async function list(at: string, user?: object, cluster?: object): Promise<unknown> {
    const core = await coreApi({ context: "prod", kubeconfig: kubeconfig(at, user, cluster) });
    return core.listNamespacedSecret({ namespace: "x" });
  }

  async function refusal(call: Promise<unknown>): Promise<string> {
    const error: unknown = await call.then(
      () => assert.fail("it works"),
      (reason: unknown) => reason,
    );
    assert(error instanceof Error);
    assert.equal(error.name, "UserError", error.message);
    assert(!error.message.includes("\n"));
    return error.message;
  }

  it("is reported in a sentence where it does not respond", async () => {
    const closed = "https://127.0.0.1:1";
    assert.equal(
      await refusal(list(closed)),
      "The cluster does not respond (https://127.0.0.1:1, context prod: nothing listens there (ECONNREFUSED)). To check that it is the right cluster: kubectl --context prod cluster-info",
    );
    assert.match(
      await refusal(list("https://nowhere.invalid")),
      /its name (does not exist|cannot be)/,
    );
    assert.match(
      await refusal(list(address, {}, { "certificate-authority-data": undefined })),
      /its certificate cannot be verified, .*CERT|SIGNATURE/,
    );
    assert.match(
      await refusal(list(closed, {}, { "proxy-url": "http://me:pass@127.0.0.1:1" })),
      /context prod, through the proxy http:\/\/127\.0\.0\.1:1: nothing listens there/,
    );
  });

  it("uses the password in its address like kubectl, without printing it", async () => {
    const within = address.replace("//", "//jane:sentinel%2Fword@");
    await list(within);
    const sent = Buffer.from("jane:sentinel/word").toString("base64");
    assert.equal(headers[0]?.authorization, `Basic ${sent}`);
    for (const code of [401, 403, 500]) {
      status = code;
      const message = await refusal(list(within));
      assert(message.includes(new URL(address).host), message);
      assert.doesNotMatch(message, /jane|sentinel/);
    }
    for (const at of [
      "https://jane:sentinel@127.0.0.1:1",
      "https://jane:sentinel@nowhere.invalid",
    ]) {
      for (const proxy of [
        undefined,
        "http://me:sentinel@127.0.0.1:1",
        "ftp://me:sentinel@proxy",
      ]) {
        const message = await refusal(list(at, {}, { "proxy-url": proxy }));
        assert.match(message, /127\.0\.0\.1:1|nowhere\.invalid/);
        assert.doesNotMatch(message, /jane|sentinel/);
      }
    }
  });

  it("is reported within seconds where nothing answers", async function () {
    this.timeout(20_000);
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      const { port } = silent.address() as AddressInfo;
      assert.match(await refusal(list(`http://127.0.0.1:${port}`)), /: no answer within 10 s\)/);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it("is reported with its context and reason when it refuses", async () => {
    status = 401;
    assert.match(
      await refusal(list(address)),
      /does not accept the kubeconfig's credential: 401 \(because it says so\)\. .*kubectl --context prod auth whoami$/,
    );
    status = 403;
    assert.match(await refusal(list(address)), /denies the request: 403 .* auth can-i --list$/);
    status = 404;
    assert.equal(await unlessMissing(list(address)), undefined);
  });

  it("receives the token from a file", async () => {
    const tokenFile = join(directory, "token");
    writeFileSync(tokenFile, "from-file");
    await list(address, { tokenFile, token: "old" });
    assert.equal(headers[0]?.authorization, "Bearer from-file");
  });

  it("receives no credential without TLS", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const open = createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ items: [] }));
    }).listen(0, "127.0.0.1");
    await once(open, "listening");
    try {
      const { port } = open.address() as AddressInfo;
      for (const user of [{ token: "t" }, { username: "u", password: "p" }]) {
        await list(`http://127.0.0.1:${port}`, { ...user, as: "jane" });
      }
      assert.deepEqual(
        seen.map((one) => [one.authorization, one["impersonate-user"]]),
        [1, 2].map(() => [undefined, "jane"]),
      );
    } finally {
      open.closeAllConnections();
      open.close();
    }
  });

  it("receives the kubeconfig's impersonation", async () => {
    await list(address, {
      as: "jane",
      "as-uid": "42",
      "as-groups": ["ops, eu", "dev"],
      "as-user-extra": { "example.com/(team)": ["a", "b"] },
    });
    const sent = raw[0] ?? [];
    const pairs = sent.flatMap((name, index) =>
      /^impersonate-/i.test(name) ? [[name.toLowerCase(), sent[index + 1]]] : [],
    );
    assert.deepEqual(pairs.sort(), [
      ["impersonate-extra-example.com%2f%28team%29", "a"],
      ["impersonate-extra-example.com%2f%28team%29", "b"],
      ["impersonate-group", "dev"],
      ["impersonate-group", "ops, eu"],
      ["impersonate-uid", "42"],
      ["impersonate-user", "jane"],
    ]);
  });

  describe("with a credential plugin", () => {
    const apiVersion = "client.authentication.k8s.io/v1";

    function plugin(script: string): string {
      const path = join(directory, "plugin");
      writeFileSync(path, `#!/bin/sh\necho asked >> '${directory}/asked'\n${script}\n`);
      chmodSync(path, 0o755);
      return path;
    }
    const exec = (command: string, more: object = {}) => ({
      exec: { apiVersion, command, interactiveMode: "IfAvailable", ...more },
    });
    const credential = (status_: object) =>
      `echo '${JSON.stringify({ kind: "ExecCredential", apiVersion, status: status_ })}'`;

    it("receives its token, with the kubeconfig's arguments and variables", async () => {
      const command = plugin(
        `test "$1$OWN" = ab && echo "$KUBERNETES_EXEC_INFO" | grep -q '"server":"${address}"' && ${credential({ token: "from-plugin" })}`,
      );
      const env = [{ name: "OWN", value: "b" }];
      await list(address, exec(command, { args: ["a"], env, provideClusterInfo: true }));
      assert.equal(headers[0]?.authorization, "Bearer from-plugin");
      assert.equal(process.env.OWN, undefined);
    });

    it("runs it once for all calls of a process, and again when its credential has expired", async () => {
      const asked = () => readFileSync(join(directory, "asked"), "utf8").split("\n").length - 1;
      const lasting = exec(plugin(credential({ token: "lasting" })));
      await Promise.all([list(address, lasting), list(address, lasting)]);
      await list(address, lasting);
      assert.equal(asked(), 1);
      rmSync(join(directory, "asked"));
      const ended = { token: "ended", expirationTimestamp: "2020-01-01T00:00:00Z" };
      const ending = exec(plugin(credential(ended)), { args: ["ending"] });
      await list(address, ending);
      await list(address, ending);
      assert.equal(asked(), 2);
    });

    it("runs it again when the cluster has rejected its credential", async () => {
      const lasting = exec(plugin(credential({ token: "lasting" })), { args: ["refused"] });
      status = 401;
      await refusal(list(address, lasting));
      status = 200;
      await list(address, lasting);
      await list(address, lasting);
      assert.equal(readFileSync(join(directory, "asked"), "utf8"), "asked\nasked\n");
    });

    it("does not pass it Pulumi's variables in the environment", async () => {
      const dump = join(directory, "environment");
      const command = plugin(`env > '${dump}'; ${credential({ token: "from-plugin" })}`);
      Object.assign(process.env, {
        PULUMI_CONFIG: '{"x:walletPassword":"in clear"}',
        PULUMI_CONFIG_SECRET_KEYS: "[]",
      });
      try {
        await list(address, exec(command));
      } finally {
        delete process.env.PULUMI_CONFIG;
        delete process.env.PULUMI_CONFIG_SECRET_KEYS;
      }
      const environment = readFileSync(dump, "utf8");
      assert.match(environment, /^PATH=/m);
      assert.doesNotMatch(environment, /PULUMI_CONFIG|in clear/);
    });

    it("is reported in a sentence where it fails, does not exist, or returns nothing", async () => {
      const failing = plugin("echo 'first line' >&2; echo 'please log in' >&2; exit 3");
      assert.match(
        await refusal(list(address, exec(failing))),
        /credential plugin \S+plugin ended with 3: please log in\. /,
      );
      assert.match(
        await refusal(list(address, exec("no-such-plugin", { installHint: "Get it." }))),
        /no-such-plugin does not exist\. Get it\./,
      );
      assert.match(await refusal(list(address, exec(plugin("echo '{}'")))), /no ExecCredential/);
      assert.match(
        await refusal(list(address, exec("cat", { interactiveMode: "Always" }))),
        /needs a terminal/,
      );
      assert.deepEqual(headers, []);
    });
  });
});
