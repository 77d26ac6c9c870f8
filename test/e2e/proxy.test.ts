import assert from "node:assert/strict";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { ForwardProxy } from "../support/forwardProxy.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { ended, start } from "../support/patient.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace } from "../support/workspace.ts";

/** Nothing listens there. */
const dead = "http://127.0.0.1:9";
/** A name that only the proxy knows. */
const hidden = "cloud.hidden";

const dnsProviders = {
  googleCloud: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
  cloudflare: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
} as const;
const secretSuffix = { googleCloud: "gcp-dns", cloudflare: "cloudflare-dns" } as const;

for (const provider of ["googleCloud", "cloudflare"] as const) {
  const name = `proxied-${provider.toLowerCase()}`;

  describe(`a stack with ${provider} under a proxy`, () => {
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

    it("is deployed in the sandbox whatever proxy the variables name", async () => {
      const variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];
      const all = Object.fromEntries(variables.map((variable) => [variable, dead]));
      await workspace.withEnvironment(all).up();
      assert(await cluster.get("v1", "Secret", `${name}-provider-${secretSuffix[provider]}`, name));
    });

    it("is rotated through the proxy that alone knows the clouds, from plugin to proof", async () => {
      const proxy = await ForwardProxy.start([hidden]);
      try {
        const { environment, ports } = sandbox;
        const port = provider === "googleCloud" ? ports.google : ports.cloudflare;
        const endpoints = Object.entries(environment)
          .filter(([, value]) => value?.startsWith(`http://127.0.0.1:${port}`) === true)
          .map(([variable, value = ""]) => [variable, value.replace("127.0.0.1", hidden)]);
        const away = {
          ...(Object.fromEntries(endpoints) as object),
          HTTP_PROXY: "",
          http_proxy: proxy.url,
        };
        const before = await credentials();
        const at = workspace.withEnvironment(away);
        await at.up("--replace", provider === "googleCloud" ? "**::dns-key" : "**::dns-token");
        assert.notDeepEqual(await credentials(), before);
        // Calls to the cluster, which is on this machine, are not among them.
        assert.deepEqual([...new Set(proxy.log)], [`${hidden}:${port}`]);

        proxy.log.length = 0;
        const args = ["-s", name, "--json", "--prove"];
        const { stdout, stderr } = await ended(start(sandbox, at.directory, args, away));
        assert(proxy.log.includes(`${hidden}:${port}`), stderr);
        assert.match(stdout, /a TXT record was written/);
      } finally {
        proxy.stop();
      }
    });

    async function credentials(): Promise<readonly string[]> {
      return provider === "googleCloud"
        ? Object.values((await clouds.google()).keys).flat()
        : (await clouds.cloudflareTokens()).map((token) => JSON.stringify(token));
    }
  });
}
