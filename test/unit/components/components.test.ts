import assert from "node:assert/strict";
import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider.js";
import { Provider as GcpProvider } from "@pulumi/gcp/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import {
  AkashProvider,
  CloudflareDnsCredential,
  credentialDeleteHook,
  GcpDnsCredential,
  providerConsumer,
} from "../../../components/index.ts";
import { providerArguments } from "../../support/arguments.ts";
import {
  cloudflare,
  cloudflareArguments,
  find,
  google,
  googleArguments,
  make,
  provider,
  run,
} from "../../support/components.ts";
import { lastRun, type ProgramRun } from "../../support/mocks.ts";

describe("components", () => {
  const subjects = [
    {
      subject: provider,
      children: ["x-namespace", "x-release", "x-wallet"],
      type: "akash:provider:AkashProvider",
    },
    {
      subject: google,
      children: ["x-account", "x-grant", "x-key", "x-suffix"],
      type: "akash:dns:GcpDnsCredential",
    },
    {
      subject: cloudflare,
      children: ["x-suffix", "x-token"],
      type: "akash:dns:CloudflareDnsCredential",
    },
  ];

  for (const { subject, children, type } of subjects) {
    describe(subject.component, () => {
      it("is the parent of its resources, which are named after it", async () => {
        const program = await make(subject);
        assert.equal(find(program, "x").type, type);
        assert.deepEqual(find(program, "x").inputs, {}, "its arguments would be in the state");
        const made = program.resources.filter(({ parent }) => parent === "x");
        assert.deepEqual(
          made.map(({ name }) => name),
          children,
        );
        const others = program.resources.filter(({ parent }) => parent !== "x");
        assert.deepEqual(
          others.map(({ name }) => name),
          ["cluster", "x"],
        );
      });

      it("keeps its caller's options", async () => {
        const program = await make(subject, {}, () => {
          const parent = new pulumi.ComponentResource("test:index:Group", "group");
          const before = new RandomId("before", { byteLength: 4 });
          return { parent, protect: true, aliases: [{ name: "former" }], dependsOn: [before] };
        });
        assert.equal(find(program, "x").parent, "group");
        assert.deepEqual(find(program, "x").dependencies, ["before"]);
        assert.deepEqual(lastRun.aliases("x"), ["former"]);
        for (const name of ["x", ...children]) {
          assert.equal(find(program, name).options.protect, true, name);
        }
      });
    });
  }

  describe("with providers of the caller", () => {
    const gcp = () => new GcpProvider("google", { project: "dns-project" });
    const byName = (program: ProgramRun) =>
      Object.fromEntries(program.resources.map(({ name, provider }) => [name, provider]));

    it("creates Google's resources with them, and others with the default provider", async () => {
      for (const opts of [
        () => ({ providers: { gcp: gcp() } }),
        () => ({ providers: [gcp()] }),
        () => ({ provider: gcp() }),
      ]) {
        const program = await make(google, {}, opts);
        const { "x-account": account, "x-grant": grant, "x-key": key, ...others } = byName(program);
        assert.deepEqual([account, grant, key], ["google", "google", "google"]);
        assert.equal(others["x-suffix"], undefined);
      }
    });

    it("creates Cloudflare's token with them, and looks up its permission groups with them", async () => {
      const opts = () => ({ providers: [new CloudflareProvider("theirs", {})] });
      for (const accountId of [undefined, "a".repeat(32)]) {
        const program = await make(cloudflare, { accountId }, opts);
        assert.equal(byName(program)["x-token"], "theirs");
        assert.deepEqual(
          lastRun.lookups.map(({ provider }) => provider),
          ["theirs"],
        );
      }
    });

    it("is deployed to its cluster, regardless of the caller's Kubernetes provider", async () => {
      const theirs = () => new KubernetesProvider("theirs", {});
      for (const opts of [
        () => ({ provider: theirs() }),
        () => ({ providers: [theirs()] }),
        () => ({ providers: { kubernetes: theirs() } }),
      ]) {
        const program = await make(provider, {}, opts);
        const {
          "x-namespace": namespace,
          "x-release": release,
          "x-wallet": wallet,
        } = byName(program);
        assert.deepEqual([namespace, release, wallet], ["cluster", "cluster", "cluster"]);
      }
    });

    it("keeps the caller's other providers in addition to its cluster", async () => {
      for (const shape of ["provider", "providers"] as const) {
        let kept: unknown;
        await run((cluster) => {
          const google = gcp();
          const opts = shape === "provider" ? { provider: google } : { providers: [google] };
          kept =
            provider.make(cluster, {}, opts).getProvider("gcp:serviceaccount/key:Key") === google;
          return undefined;
        });
        assert.equal(kept, true, shape);
      }
    });
  });

  describe("has the outputs", () => {
    it("of AkashProvider: namespace, revision and Secret", async () => {
      const { outputs } = await run((cluster) => {
        const credential = new GcpDnsCredential("dns", googleArguments(cluster));
        const made = new AkashProvider("x", { ...providerArguments(cluster), credential });
        const without = new AkashProvider("y", providerArguments(cluster));
        return { ...outputsOf(made), without: without.credentialSecret };
      });
      assert.deepEqual(outputs, {
        namespace: "akash-services",
        revision: 1,
        credentialSecret: "akash-provider-gcp-dns",
        without: undefined,
      });
    });

    function outputsOf({ namespace, revision, credentialSecret }: AkashProvider) {
      return { namespace, revision, credentialSecret };
    }

    it("of GcpDnsCredential: the key's metadata, and the key as a secret", async () => {
      let isSecret: readonly boolean[] = [];
      const { outputs } = await run(async (cluster) => {
        const made = new GcpDnsCredential("x", googleArguments(cluster));
        const { content, createdAt, email, expiresAt, keyFile, keyName, managed, suffix } = made;
        isSecret = await Promise.all(
          [content, keyFile, keyName].map((one) => pulumi.isSecret(one)),
        );
        const { urnPattern, id } = managed;
        return { content, createdAt, email, expiresAt, keyFile, keyName, suffix, urnPattern, id };
      });
      const keyFile = '{"private_key":"SENTINEL-key"}';
      assert.deepEqual(outputs, {
        content: keyFile,
        createdAt: "2026-11-25T00:00:00Z",
        email: "made@sandbox-project.iam.gserviceaccount.com",
        expiresAt: "9999-12-31T23:59:59Z",
        keyFile,
        keyName: "projects/sandbox-project/serviceAccounts/made@x/keys/key-id",
        suffix: "0a1b2c3d",
        urnPattern: "**::x-key",
        id: "key-id",
      });
      assert.deepEqual(isSecret, [true, true, false]);
    });

    it("of CloudflareDnsCredential: the token's metadata, and the token as a secret", async () => {
      let isSecret: readonly boolean[] = [];
      const { outputs } = await run(async (cluster) => {
        const made = new CloudflareDnsCredential("x", {
          ...cloudflareArguments(cluster),
          expiresOn: "2027-01-01T00:00:00Z",
        });
        const { content, createdAt, expiresAt, managed, suffix, token, tokenId, tokenName } = made;
        isSecret = await Promise.all([content, token, tokenId].map((one) => pulumi.isSecret(one)));
        const { urnPattern, id } = managed;
        return { content, createdAt, expiresAt, suffix, token, tokenId, tokenName, urnPattern, id };
      });
      assert.deepEqual(outputs, {
        content: "SENTINEL-token",
        createdAt: "2026-11-25T00:00:00Z",
        expiresAt: "2027-01-01T00:00:00Z",
        suffix: "0a1b2c3d",
        token: "SENTINEL-token",
        tokenId: "x-token-id",
        tokenName: "Akash provider DNS-01 for provider.example.com (stack home, 0a1b2c3d)",
        urnPattern: "**::x-token",
        id: "x-token-id",
      });
      assert.deepEqual(isSecret, [true, true, false]);
    });
  });

  describe("whose credential is protected by a delete hook", () => {
    const hooks = (program: ProgramRun, name: string) =>
      find(program, name).options.hooks as Readonly<Record<string, readonly string[]>>;

    for (const { subject, resource } of [
      { subject: google, resource: "x-key" },
      { subject: cloudflare, resource: "x-token" },
    ]) {
      it(`registers it itself, as ${subject.component} under its own name`, async () => {
        const program = await make(subject);
        assert.deepEqual(hooks(program, resource), {
          beforeCreate: [
            ...(subject === google ? ["x-credential-account"] : []),
            subject === google ? "x-key-possible" : "x-credential-possible",
            "x-credential-create",
          ],
          afterCreate: ["x-credential-created"],
          beforeDelete: ["x-credential-delete"],
          onError: ["x-credential-refused"],
        });
        assert.deepEqual([...lastRun.hooks].sort(), [
          // The cluster's own.
          "cluster-deployed",
          ...(subject === google ? ["x-credential-account"] : []),
          "x-credential-create",
          "x-credential-created",
          "x-credential-delete",
          "x-credential-possible",
          "x-credential-refused",
          ...(subject === google ? ["x-grant-possible", "x-key-possible"] : []),
        ]);
      });

      it(`uses the one that ${subject.component} receives, and registers no other`, async () => {
        const program = await run((cluster) => {
          const consumers = [providerConsumer({})];
          const deleteHook = credentialDeleteHook("x", { cluster, consumers });
          subject.make(cluster, { deleteHook });
          return undefined;
        });
        assert.deepEqual(hooks(program, resource).beforeDelete, ["x-credential-delete"]);
        const deleteHooks = lastRun.hooks.filter((name) => name === "x-credential-delete");
        assert.equal(deleteHooks.length, 1);
      });
    }
  });
});
