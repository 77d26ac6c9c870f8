import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterUnreachable } from "../../../lib/clusterFailure.ts";
import { connectionTo, contextNames, type ClusterChoice } from "../../../lib/kubeconfig.ts";
import { formatYaml } from "../../../lib/yaml.ts";

const secret = "token-that-nobody-may-see";

/** A kubeconfig with one context, whose cluster and user are named after it. */
function kubeconfig(name: string, more: { server?: string; cluster?: object; user?: object } = {}) {
  const { server = `https://${name}.test:6443`, cluster, user } = more;
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, ...cluster } }],
    users: [{ name, user: { token: secret, ...user } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

/** A credential plugin. */
const plugin = {
  apiVersion: "client.authentication.k8s.io/v1",
  command: "plugin",
  interactiveMode: "Never",
};

/** In the form of CI systems. */
function encoded(content: object): string {
  return Buffer.from(formatYaml(content)).toString("base64");
}

describe("a kubeconfig", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function file(name: string, content: unknown): string {
    const path = join(directory, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : formatYaml(content));
    return path;
  }

  function connect(paths: string | undefined, choice: ClusterChoice = {}, more = {}) {
    const environment = { ...(paths !== undefined && { KUBECONFIG: paths }), ...more };
    return connectionTo(choice, {
      environment,
      home: join(directory, "home"),
      serviceAccount: join(directory, "pod"),
    });
  }

  function refusal(paths: string | undefined, choice?: ClusterChoice): string {
    try {
      connect(paths, choice);
    } catch (error) {
      // The cluster is also unreachable where the kubeconfig names none.
      assert(error instanceof ClusterUnreachable, String(error));
      assert(!error.message.includes(secret), error.message);
      assert(!error.message.includes("\n"), error.message);
      return error.message;
    }
    return assert.fail("it is accepted");
  }

  describe("in several files", () => {
    it("has the first file's current context, and the first of two equal names", () => {
      const first = file("a", kubeconfig("one"));
      const second = file("b", {
        ...kubeconfig("two"),
        clusters: [
          { name: "one", cluster: { server: "https://other.test" } },
          ...kubeconfig("two").clusters,
        ],
      });
      assert.equal(connect(`${first}:${second}`).server, "https://one.test:6443");
      assert.equal(connect(`${second}:${first}`).server, "https://two.test:6443");
      assert.equal(connect(`${second}:${first}`, { context: "one" }).server, "https://other.test");
      assert.deepEqual(
        [...contextNames({}, { environment: { KUBECONFIG: `${first}:${second}` } })].sort(),
        ["one", "two"],
      );
    });

    it("uses the next file's current context where the first has none", () => {
      const first = file("a", { ...kubeconfig("one"), "current-context": "" });
      const second = file("b", kubeconfig("two"));
      assert.equal(connect(`${first}:${second}`).context, "two");
    });

    it("skips files that are missing, empty, or named by an empty entry", () => {
      const one = file("a", kubeconfig("one"));
      const paths = `:${join(directory, "missing")}:${file("empty", "")}::${one}:`;
      assert.equal(connect(paths).context, "one");
    });

    it("resolves relative paths from each file's folder", () => {
      const paths = ["x/a", "y/b"].map((path, index) =>
        file(
          path,
          kubeconfig(`c${index}`, {
            cluster: { "certificate-authority": "ca.crt" },
            user: {
              "client-certificate": "../tls.crt",
              "client-key": "/etc/hosts",
              token: undefined,
              tokenFile: "token",
              exec: { ...plugin, command: "./plugin" },
            },
          }),
        ),
      );
      for (const name of ["y/ca.crt", "tls.crt", "y/token"]) {
        file(name, "");
      }
      const { cluster, user } = connect(paths.join(":"), { context: "c1" });
      assert.equal(cluster["certificate-authority"], join(directory, "y/ca.crt"));
      assert.equal(user["client-certificate"], join(directory, "tls.crt"));
      assert.equal(user["client-key"], "/etc/hosts");
      assert.equal(user.tokenFile, join(directory, "y/token"));
      assert.equal(user.exec?.command, join(directory, "y/plugin"));
    });
  });

  it("is in the home folder without KUBECONFIG, or with an empty variable", () => {
    file("home/.kube/config", kubeconfig("home"));
    assert.equal(connect(undefined).context, "home");
    assert.equal(connect("").context, "home");
    assert.match(refusal(":"), /KUBECONFIG names no file/);
  });

  it("may be missing in a pod, whose service account is then used", () => {
    file("pod/token", secret);
    const pod = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    const { server, user, cluster } = connect(join(directory, "missing"), {}, pod);
    assert.equal(server, "https://[fd00::1]:443");
    assert.equal(user.tokenFile, join(directory, "pod/token"));
    assert.equal(cluster["certificate-authority"], join(directory, "pod/ca.crt"));
    file("home/.kube/config", kubeconfig("home"));
    assert.equal(connect(undefined, {}, pod).context, "home");
  });

  it("is the stack's own, if any, by path or content", () => {
    const environment = file("a", kubeconfig("one"));
    const own = file("b", kubeconfig("two"));
    for (const kubeconfig_ of [own, JSON.stringify(kubeconfig("two"))]) {
      assert.equal(connect(environment, { kubeconfig: kubeconfig_ }).context, "two");
    }
    file("home/own", kubeconfig("three"));
    assert.equal(connect(environment, { kubeconfig: "~/own" }).context, "three");
    assert.match(
      refusal(environment, { kubeconfig: "/no/such/file" }),
      /\/no\/such\/file does not/,
    );
  });

  it("uses its own proxy, else the environment's", () => {
    const variables = { HTTPS_PROXY: "http://env.test:1", NO_PROXY: "direct.test" };
    const proxied = file("a", kubeconfig("a", { cluster: { "proxy-url": "socks5://own.test:2" } }));
    assert.equal(connect(proxied, {}, variables).proxy, "socks5://own.test:2");
    assert.equal(connect(file("b", kubeconfig("b")), {}, variables).proxy, "http://env.test:1");
    const direct = file("c", kubeconfig("c", { server: "https://direct.test" }));
    assert.equal(connect(direct, {}, variables).proxy, undefined);
    const wrong = file("d", kubeconfig("d", { cluster: { "proxy-url": "ftp://own.test" } }));
    assert.match(refusal(wrong), /proxy-url .* is not the address of a proxy/);
    const odd = kubeconfig("e", { cluster: { "proxy-url": `http://me:^${secret}@own.test:2` } });
    assert.match(refusal(file("e", odd)), /proxy-url .* is not the address of a proxy/);
  });

  it("is parsed like client-go's YAML: booleans, text that looks like a moment, the last of two keys", () => {
    const path = file(
      "a",
      `current-context: 22:30
contexts: [{ name: 22:30, context: { cluster: 2024-01-15, user: a } }]
clusters: [{ name: 2024-01-15, cluster: { server: "https://a.test", insecure-skip-tls-verify: yes } }]
users: []
users: [{ name: a, user: { token: ${secret} } }]
---
another: document
`,
    );
    const { context, cluster, user } = connect(path);
    assert.deepEqual(
      [context, cluster["insecure-skip-tls-verify"], user.token],
      ["22:30", true, secret],
    );
  });

  it("may have no user, no kind, and empty entries", () => {
    const anonymous = {
      ...kubeconfig("x"),
      kind: "",
      contexts: [null, { name: "x", context: { cluster: "x", user: "" } }],
    };
    assert.equal(connect(file("a", anonymous)).user.token, undefined);
  });

  it("sends no credential to a server without TLS, like client-go, also without a scheme", () => {
    const certificate = { "certificate-authority-data": "YQ==" };
    for (const [index, [server, cluster]] of (
      [
        ["http://a.test:8080", {}],
        ["HTTP://a.test:8080", {}],
        ["a.test:8080", {}],
        ["a.test:8080", certificate],
      ] as const
    ).entries()) {
      const user = { as: "jane", exec: plugin, "client-key-data": "YQ==" };
      const connection = connect(file(`${index}`, kubeconfig("a", { server, cluster, user })));
      assert.equal(connection.server.toLowerCase(), "http://a.test:8080");
      assert.deepEqual(JSON.parse(JSON.stringify(connection.user)), {
        as: "jane",
        "as-groups": [],
        "as-user-extra": {},
      });
    }
  });

  describe("that cannot be used is refused in a sentence", () => {
    const both = { "certificate-authority": "/etc/hosts", "certificate-authority-data": "YQ==" };
    const insecure = { "insecure-skip-tls-verify": true };
    const key = { "client-certificate-data": "YQ==", "client-key-data": "YQ==" };
    const v1alpha1 = "client.authentication.k8s.io/v1alpha1";
    for (const [what, more, expected] of [
      ["two certificates", { cluster: both }, /its cluster x has both certificate-authority and/],
      [
        "a certificate that is not to be checked",
        { cluster: { ...insecure, "certificate-authority-data": "YQ==" } },
        /has both certificate-authority and insecure-skip-tls-verify/,
      ],
      [
        "a certificate that is not there",
        { cluster: { "certificate-authority": "ca.crt" } },
        /its cluster x names the file \S+\/ca\.crt \(certificate-authority\), which cannot be read/,
      ],
      [
        "a certificate that is no base64",
        { cluster: { "certificate-authority-data": "YQ" } },
        /certificate-authority-data of the cluster x is invalid/,
      ],
      [
        "a certificate without its key",
        { user: { "client-certificate-data": "YQ==" } },
        /its user x has a client-certificate without a client-key/,
      ],
      ["two keys", { user: { ...key, "client-key": "/etc/hosts" } }, /both client-key and/],
      [
        "a file of a token that is not there",
        { user: { token: undefined, tokenFile: "no-token" } },
        /names the file \S+\/no-token \(tokenFile\)/,
      ],
      ["a token and a password", { user: { username: "u" } }, /both a token and a password/],
      [
        "a group without a user to act as",
        { user: { "as-groups": ["g"] } },
        /has one of as-uid, .* without as/,
      ],
      [
        "a plugin of an older version",
        { user: { exec: { ...plugin, apiVersion: v1alpha1 } } },
        /of an unknown version \(client\.authentication\.k8s\.io\/v1alpha1\)/,
      ],
      [
        "a plugin that does not say whether it asks",
        { user: { exec: { ...plugin, interactiveMode: undefined } } },
        /without a valid interactiveMode \(Never, IfAvailable, Always\)/,
      ],
      [
        "a plugin beside another",
        { user: { exec: plugin, "auth-provider": { name: "oidc", config: {} } } },
        /both an exec plugin and an auth-provider/,
      ],
    ] as const) {
      it(`where client-go refuses it: ${what}`, () => {
        assert.match(refusal(file("wrong", kubeconfig("x", more))), expected);
      });
    }

    it("where its server is not an address, which is not printed, since it may contain a password", () => {
      for (const server of [
        `https://jane:${secret}/@h`,
        `jane:${secret}@h:no`,
        `https://${secret} h`,
      ]) {
        const message = refusal(file("wrong", kubeconfig("x", { cluster: { server } })));
        assert.match(message, /the server of its cluster x is not an address/);
        assert(!message.includes(secret), message);
      }
    });

    it("where a parent of its path is a file", () => {
      const path = join(file("a", kubeconfig("a")), "b");
      assert.match(refusal(`${path}:${file("c", kubeconfig("c"))}`), /b: not a directory\)/);
    });

    it("where it does not exist, or is empty", () => {
      assert.match(
        refusal(join(directory, "none")),
        /none does not exist\)\. Name another: export KUBECONFIG='FILE'$/,
      );
      assert.match(refusal(file("empty", "")), /empty is empty\)/);
      assert.match(refusal(file("comment", "# nothing\n")), /comment is empty\)/);
    });

    for (const [what, content, expected] of [
      ["no YAML", `a: [${secret}`, /it is not YAML \(line \d+\)/],
      ["an alias of nothing", `a: *${secret}`, /it is not YAML/],
      ["a text", secret, /it is not a kubeconfig/],
      ["in base64", encoded(kubeconfig("x")), /it is base64-encoded; decode it with base64 -d\)/],
      ["a list", [secret], /it is not a kubeconfig/],
      ["another object", { ...kubeconfig("x"), kind: "Secret" }, /it is not a kubeconfig/],
      ["clusters that are not a list", { clusters: { a: secret } }, /it is not a kubeconfig/],
      [
        "two clusters of one name",
        { ...kubeconfig("x"), clusters: [1, 2].map(() => kubeconfig("x").clusters[0]) },
        /it has two clusters named x/,
      ],
      [
        "a token that is no text",
        kubeconfig("x", { user: { token: { secret } } }),
        /token of the user x is invalid/,
      ],
    ] as const) {
      it(`where it is ${what}`, () => {
        assert.match(refusal(file("wrong", content)), expected);
      });
    }

    it("where the stack's own is base64-encoded, without printing it, with the command for it", () => {
      const content = encoded(kubeconfig("x", { user: { token: secret } }));
      for (const own of [content, content.replace(/.{76}/g, "$&\n")]) {
        const message = refusal(undefined, { kubeconfig: own, stack: "prod" });
        assert(!message.includes(content.slice(0, 20)), message);
        assert.match(
          message,
          /it is base64-encoded.*: pulumi config set -s prod --secret kubernetes:kubeconfig < kubeconfig.yaml$/,
        );
      }
    });

    it("where a named entry is missing, with the present entries and the command", () => {
      const one = file("a", { ...kubeconfig("one"), "current-context": "" });
      const two = file("b", { ...kubeconfig("two"), "current-context": "" });
      assert.match(
        refusal(`${one}:${two}`, { stack: "prod" }),
        /has no current context; it has one, two\. Name one: pulumi config set -s prod kubeContext 'CONTEXT'$/,
      );
      assert.match(
        refusal(`${one}:${two}`, { context: "three", stack: "prod" }),
        /has no context three; it has one, two\. Name another: pulumi config set -s prod kubeContext 'CONTEXT'$/,
      );
      const dangling = { ...kubeconfig("x"), clusters: [{ name: "y", cluster: { server: "z" } }] };
      assert.match(refusal(file("c", dangling)), /has no cluster x, which its context x names/);
      assert.match(refusal(file("d", { ...kubeconfig("x"), users: null })), /has no user x/);
    });
  });
});
