import assert from "node:assert/strict";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { describeExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { ForwardProxy } from "../support/forwardProxy.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { ended, start } from "../support/examinedProvider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { SocksProxy } from "../support/socksProxy.ts";
import { Workspace } from "../support/workspace.ts";

/** Nothing listens there. */
const dead = "http://127.0.0.1:9";
/** A name that only the proxy resolves. */
const hidden = "cloud.hidden";

const dnsProviders = {
  googleCloud: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
  cloudflare: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
} as const;
const secretSuffix = { googleCloud: "gcp-dns", cloudflare: "cloudflare-dns" } as const;

for (const provider of ["googleCloud", "cloudflare"] as const) {
  const name = `proxied-${provider.toLowerCase()}`;
  const rotated = provider === "googleCloud" ? "**::dns-key" : "**::dns-token";

  const describeProxied = provider === "googleCloud" ? describe : describeExhaustive;
  describeProxied(`a stack with ${provider} under a proxy`, () => {
    let sandbox: Sandbox;
    let cluster: Cluster;
    let clouds: SandboxClouds;
    let workspace: Workspace;

    before(async () => {
      sandbox = await testSandbox();
      cluster = new Cluster(sandbox);
      clouds = new SandboxClouds(sandbox);
      workspace = await Workspace.create(sandbox, name, name, {
        challenge: "dns-01",
        dns: dnsProviders[provider],
        namespace: name,
        releaseName: `${name}-provider`,
        timeout: "60",
      });
    });

    /** The emulator under a name that only the proxy resolves: the variables that point there, and the name. */
    function atHidden(proxy: string): {
      readonly environment: NodeJS.ProcessEnv;
      readonly host: string;
    } {
      const { environment, ports } = sandbox;
      const port = provider === "googleCloud" ? ports.google : ports.cloudflare;
      const endpoints = Object.entries(environment)
        .filter(([, value]) => value?.startsWith(`http://127.0.0.1:${port}`) === true)
        .map(([variable, value = ""]) => [variable, value.replace("127.0.0.1", hidden)]);
      return {
        environment: {
          ...(Object.fromEntries(endpoints) as object),
          HTTP_PROXY: "",
          http_proxy: proxy,
        },
        host: `${hidden}:${port}`,
      };
    }

    it("is deployed in the sandbox regardless of the variables for proxies", async () => {
      const variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];
      const all = Object.fromEntries(variables.map((variable) => [variable, dead]));
      await workspace.withEnvironment(all).up();
      assert(await cluster.get("v1", "Secret", `${name}-provider-${secretSuffix[provider]}`, name));
    });

    it("is rotated through the only proxy that reaches the DNS provider, from plugin to proof", async () => {
      const proxy = await ForwardProxy.start([hidden]);
      try {
        const { environment, host } = atHidden(proxy.url);
        const before = await credentials();
        const at = workspace.withEnvironment(environment);
        await at.up("--replace", rotated);
        assert.notDeepEqual(await credentials(), before);
        // Calls to the cluster, which is on this machine, do not use the proxy.
        assert.deepEqual([...new Set(proxy.log)], [host]);

        proxy.log.length = 0;
        const args = ["-s", name, "--json", "--prove"];
        const { stdout, stderr } = await ended(start(sandbox, at.directory, args, environment));
        assert(proxy.log.includes(host), stderr);
        assert.match(stdout, /a TXT record was written/);
      } finally {
        proxy.stop();
      }
    });

    it("is also rotated through a SOCKS proxy", async () => {
      const proxy = await SocksProxy.start([hidden], { name: "me", password: "sentinel-password" });
      try {
        const before = await credentials();
        const away = atHidden(proxy.url);
        const at = workspace.withEnvironment(away.environment);
        const { output } = await at.up("--replace", rotated);
        assert.notDeepEqual(await credentials(), before);
        assert.deepEqual([...new Set(proxy.log)], [away.host]);
        assert.doesNotMatch(output, /sentinel-password|not supported in proxy URI/);
      } finally {
        proxy.stop();
      }
    });

    it("is refused under a proxy that its plugins cannot use, before anything is created", async () => {
      const before = await credentials();
      for (const args of [["preview"], ["up", "--yes", "--replace", rotated]]) {
        const { status, output } = await workspace
          .withEnvironment({ HTTPS_PROXY: "socks4://me:sentinel-password@127.0.0.1:9" })
          .pulumi(...args, "-s", name);
        assert.notEqual(status, 0, output);
        assert.match(output, /HTTPS_PROXY names no proxy .*\n +export HTTPS_PROXY='http:/);
        assert.doesNotMatch(output, /sentinel-password|\n\s+at .*\.[jt]s:/);
      }
      assert.deepEqual(await credentials(), before);
      const args = ["-s", name];
      const environment = { HTTPS_PROXY: "socks4://127.0.0.1:9" };
      const { status, stderr } = await ended(
        start(sandbox, workspace.directory, args, environment),
      );
      assert.notEqual(status, 0);
      assert.match(stderr, /HTTPS_PROXY names no proxy/);
    });

    async function credentials(): Promise<readonly string[]> {
      return provider === "googleCloud"
        ? Object.values((await clouds.google()).keys).flat()
        : (await clouds.cloudflareTokens()).map((token) => JSON.stringify(token));
    }
  });
}
