import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import type { V1Secret } from "@kubernetes/client-node";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { pulumiStateDirectory } from "../../sandbox/pulumi/environment.ts";
import { issueCertificate } from "../../sandbox/cluster/issuer.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const dnsProviders = {
  googleCloud: {
    dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
    issuerName: "gcloud",
    secretSuffix: "gcp-dns",
    secretKey: "service-account.json",
  },
  cloudflare: {
    dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
    issuerName: "cf",
    secretSuffix: "cloudflare-dns",
    secretKey: "CF_DNS_API_TOKEN",
  },
} as const;

/** The stack of a provider, in a namespace of its own. */
function settings(provider: keyof typeof dnsProviders, more: StackSettings = {}): StackSettings {
  const name = provider.toLowerCase();
  return {
    challenge: "dns-01",
    dns: dnsProviders[provider].dns,
    namespace: name,
    releaseName: `${name}-provider`,
    timeout: "60",
    ...more,
  };
}

for (const provider of ["googleCloud", "cloudflare"] as const) {
  const { issuerName, secretSuffix, secretKey } = dnsProviders[provider];
  const name = provider.toLowerCase();
  const release = `${name}-provider`;

  describe(`DNS-01 with ${provider}`, () => {
    let sandbox: Sandbox;
    let cluster: Cluster;
    let clouds: SandboxClouds;
    let workspace: Workspace;
    const outputs: string[] = [];

    async function secret(): Promise<V1Secret> {
      return cluster.core.readNamespacedSecret({
        namespace: name,
        name: `${release}-${secretSuffix}`,
      });
    }

    async function credential(): Promise<string> {
      return Buffer.from((await secret()).data?.[secretKey] ?? "", "base64").toString();
    }

    before(async () => {
      sandbox = await testSandbox();
      cluster = new Cluster(sandbox);
      clouds = new SandboxClouds(sandbox);
      workspace = await Workspace.create(sandbox, name, name, settings(provider));
    });

    it("is previewed without creating anything", async () => {
      const { output } = await workspace.succeed("preview", "-s", name, "--diff");
      outputs.push(output);
      assert.deepEqual((await clouds.google()).accounts, []);
      assert.deepEqual(await clouds.cloudflareTokens(), []);
    });

    it("ends with a certificate that was issued by dns-01 with the created credential", async () => {
      outputs.push((await workspace.up("--diff")).output);
      const report = await issueCertificate(
        sandbox,
        { namespace: name, statefulSet: release },
        silentReporter,
      );
      assert.equal(report.result, "issued");
      assert.equal(report.challenge, "dns-01");
      assert.equal(report.credential?.provider, issuerName);
      if (provider === "googleCloud") {
        const key = JSON.parse(await credential()) as { readonly private_key_id: string };
        assert.equal(report.credential.privateKeyId, key.private_key_id);
      }
      assert.match(report.issuer, /Pebble/);
    });

    it("has only the least grant that works", async () => {
      const { accounts, grants } = await clouds.google();
      const tokens = await clouds.cloudflareTokens();
      if (provider === "googleCloud") {
        const [email, ...others] = accounts;
        assert.deepEqual(others, []);
        assert.deepEqual(
          grants.filter(({ member }) => member === `serviceAccount:${email ?? ""}`),
          [
            {
              on: "example-test",
              role: "roles/dns.admin",
              member: `serviceAccount:${email ?? ""}`,
            },
          ],
        );
        assert.deepEqual(tokens, []);
      } else {
        const [token, ...others] = tokens;
        assert.deepEqual(others, []);
        assert.equal(token?.policies.length, 1);
        const [policy] = token.policies;
        assert.deepEqual(policy?.permission_groups.map((group) => group.name).sort(), [
          "DNS Write",
          "Zone Read",
        ]);
        assert.deepEqual(Object.keys(policy.resources).length, 1);
        assert.match(Object.keys(policy.resources)[0] ?? "", /account\.zone\.(e1){16}$/);
        assert.deepEqual(accounts, []);
      }
    });

    it("has left no TXT record", async () => {
      assert.deepEqual((await clouds.google()).txt, []);
      assert.deepEqual(await clouds.cloudflareTxt(), []);
    });

    it("has no HTTP port in the issuer's settings", async () => {
      const data = await cluster.configMapData(name, `${release}-letsencrypt`);
      assert(!("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT" in data));
      assert.equal(data.AP_CERT_ISSUER_DNS_PROVIDERS, issuerName);
    });

    it("labels the Secret with its credential", async () => {
      const { metadata } = await secret();
      assert.equal(metadata?.labels?.["app.kubernetes.io/instance"], release);
      const digest = metadata.annotations?.["akash-provider-letsencrypt/credential-digest"];
      assert.match(digest ?? "", /^[0-9a-f]{16}$/);
      const pod = await cluster.pod(name, `${release}-0`);
      assert.equal(pod?.metadata?.annotations?.["checksum/dns-credential"], digest);
    });

    it("changes nothing when nothing changed", async () => {
      await workspace.succeed("preview", "-s", name, "--expect-no-changes");
    });

    it("keeps the Secret while its credential is replaced", async () => {
      const before = { uid: (await secret()).metadata?.uid, credential: await credential() };
      const pattern = provider === "googleCloud" ? "**dns-key" : "**dns-token";
      const { output } = await workspace.up(
        "--diff",
        "--show-replacement-steps",
        "--replace",
        pattern,
      );
      outputs.push(output);
      assert.equal((await secret()).metadata?.uid, before.uid);
      assert.notEqual(await credential(), before.credential);
      const keys = Object.values((await clouds.google()).keys).flat();
      const tokens = await clouds.cloudflareTokens();
      assert.equal(keys.length + tokens.length, 1, "the old credential is still there");
    });

    it("is in a sandbox that no other user can read", () => {
      assert.equal(statSync(sandbox.directory).mode & 0o777, 0o700);
    });

    it("never shows the credential", async () => {
      const content = await credential();
      const sentinels =
        provider === "googleCloud"
          ? [(JSON.parse(content) as { private_key: string }).private_key.split("\n")[3] ?? ""]
          : [content];
      const encoded = sentinels.map((text) => Buffer.from(text).toString("base64").slice(0, -4));
      for (const [where, text] of Object.entries(await everythingReadable())) {
        for (const sentinel of [
          ...sentinels,
          ...encoded,
          Buffer.from(content).toString("base64"),
        ]) {
          assert(sentinel.length > 20 && !text.includes(sentinel), `${where} shows the credential`);
        }
      }
    });

    async function everythingReadable(): Promise<Record<string, string>> {
      const texts: Record<string, string> = {};
      outputs.forEach((output, index) => (texts[`output ${index}`] = output));
      texts.export = (await workspace.succeed("stack", "export", "-s", name)).output;
      texts.output = (await workspace.succeed("stack", "output", "-s", name, "--json")).output;
      for (const { version, text } of await cluster.helmHistory(name)) {
        texts[`Helm's revision ${version}`] = text;
      }
      const { core } = cluster;
      texts.ConfigMaps = JSON.stringify(await core.listNamespacedConfigMap({ namespace: name }));
      texts.pods = JSON.stringify(await core.listNamespacedPod({ namespace: name }));
      texts.events = JSON.stringify(await core.listNamespacedEvent({ namespace: name }));
      for (const folder of [
        pulumiStateDirectory(sandbox.directory),
        join(sandbox.directory, "logs"),
      ]) {
        for await (const entry of glob(`${folder}/**`, { withFileTypes: true })) {
          if (entry.isFile()) {
            const file = join(entry.parentPath, entry.name);
            texts[file] = readFileSync(file, "utf8");
          }
        }
      }
      return texts;
    }

    it("deletes everything with destroy", async () => {
      await workspace.destroy();
      const { accounts, grants, txt } = await clouds.google();
      assert.deepEqual({ accounts, grants, txt }, { accounts: [], grants: [], txt: [] });
      assert.deepEqual(await clouds.cloudflareTokens(), []);
      assert.deepEqual(await clouds.cloudflareTxt(), []);
      const { items } = await cluster.core.listNamespacedSecret({ namespace: name });
      assert.deepEqual(
        items.map(({ metadata }) => metadata?.name),
        [],
      );
    });
  });
}
