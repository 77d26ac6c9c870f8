import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  ArgumentError,
  GcpDnsCredential,
  googleCloudCredential,
  providerConsumer,
  type Cluster,
  type CredentialConsumer,
} from "../../../components/index.ts";
import {
  cloudflare,
  find,
  google,
  googleArguments,
  make,
  provider,
  run,
  type Subject,
  type Untyped,
} from "../../support/components.ts";
import { lastRun } from "../../support/mocks.ts";

/** Asserts that a component is refused with this sentence, and that none of its resources is registered. */
async function assertRefused(
  program: (cluster: Cluster) => unknown,
  property: string,
  sentence: string,
): Promise<void> {
  let refusal: unknown;
  const { resources } = await run(async (cluster) => {
    try {
      await program(cluster);
    } catch (error) {
      refusal = error;
    }
    return {};
  });
  assert(refusal instanceof ArgumentError, `not refused, or otherwise: ${String(refusal)}`);
  assert(pulumi.RunError.isInstance(refusal), "it would be shown with a stack trace");
  assert.equal(refusal.property, property);
  assert.equal(refusal.message, `${sentence}. Nothing was changed`);
  const left = resources.map(({ name }) => name).filter((name) => name.startsWith("x"));
  assert.deepEqual(left, [], "something is registered");
  assert.deepEqual(
    lastRun.hooks.filter((name) => name.startsWith("x")),
    [],
  );
}

const output = pulumi.output;

describe("a wrong argument", () => {
  const label = (text: string, longest = 63) =>
    `is ${JSON.stringify(text)}, which is not a DNS label of at most ${longest} characters (lower-case letters, digits and -)`;
  const hostName = (text: string) =>
    `is ${JSON.stringify(text)}, which is not a DNS name in lower case, such as example.com`;
  const plainName =
    "must be plain text, not an Output: hooks and the names of other objects need the value before the run";
  const plainHost = "must be plain text, not an Output: the proof needs it in a hook";
  const number = "is not a whole number above zero";

  type Case = readonly [args: Untyped, property: string, reason: string];

  const everywhere: readonly Case[] = [[{ cluster: undefined }, "cluster", "is missing"]];

  const credentials: readonly Case[] = [
    [{ domain: undefined }, "domain", "is missing"],
    [{ domain: output("example.com") }, "domain", plainHost],
    [{ domain: "Example.com" }, "domain", hostName("Example.com")],
    [{ domain: "example" }, "domain", hostName("example")],
    [{ domain: "example.com." }, "domain", hostName("example.com.")],
    [{ domain: "" }, "domain", hostName("")],
    [{ hosts: ["Example.com"] }, "hosts[0]", hostName("Example.com")],
    [{ hosts: ["example.com", output("a.example.com")] }, "hosts[1]", plainHost],
    [{ proofTimeout: 0 }, "proofTimeout", number],
    [{ proofTimeout: 1.5 }, "proofTimeout", number],
    [{ proofTimeout: "480" }, "proofTimeout", number],
    [{ consumers: undefined }, "consumers", "is missing"],
  ];

  const cases: readonly (readonly [Subject, readonly Case[]])[] = [
    [
      provider,
      [
        ...everywhere,
        [{ namespace: "Akash_Services" }, "namespace", label("Akash_Services")],
        [{ namespace: "a".repeat(64) }, "namespace", label("a".repeat(64))],
        [{ namespace: "" }, "namespace", label("")],
        [{ namespace: output("akash") }, "namespace", plainName],
        [{ releaseName: "-akash" }, "releaseName", label("-akash", 53)],
        [{ releaseName: "a".repeat(54) }, "releaseName", label("a".repeat(54), 53)],
        [{ releaseName: output("akash") }, "releaseName", plainName],
        [{ domain: undefined }, "domain", "is missing"],
        [{ domain: " " }, "domain", "is empty"],
        [{ email: undefined }, "email", "is missing"],
        [{ email: "" }, "email", "is empty"],
        [{ account: undefined }, "account", "is missing"],
        [{ account: "" }, "account", "is empty"],
        [{ directoryUrl: undefined }, "directoryUrl", "is missing"],
        [{ directoryUrl: "" }, "directoryUrl", "is empty"],
        [{ wallet: undefined }, "wallet.key", "is missing"],
        [{ wallet: { key: "", password: "word" } }, "wallet.key", "is empty"],
        [{ wallet: { key: "armour" } }, "wallet.password", "is missing"],
        [{ wallet: { key: "armour", password: "\n" } }, "wallet.password", "is empty"],
        [{ values: { fullnameOverride: "A b" } }, "values.fullnameOverride", label("A b")],
        [{ values: { fullnameOverride: output("a") } }, "values.fullnameOverride", plainName],
        [{ values: { nameOverride: 7 } }, "values.nameOverride", plainName],
        [{ values: { nameOverride: "a/b" } }, "values.nameOverride", label("a/b")],
        [{ timeout: 0 }, "timeout", number],
        [{ timeout: "600" }, "timeout", number],
        [{ maxHistory: -1 }, "maxHistory", number],
      ],
    ],
    [
      google,
      [
        ...everywhere,
        ...credentials,
        [{ project: undefined }, "project", "is missing"],
        [{ project: "" }, "project", "is empty"],
        [{ managedZone: undefined }, "managedZone", "is missing"],
        [{ managedZone: " " }, "managedZone", "is empty"],
        [{ grant: "all" }, "grant", "is not one of zone, project"],
        [{ grant: output("zone") }, "grant", "is not one of zone, project"],
        [{ consumers: [] }, "consumers", "is empty, so nothing would protect the key"],
      ],
    ],
    [
      cloudflare,
      [
        ...everywhere,
        ...credentials,
        [{ zone: undefined }, "zone", "is missing"],
        [{ zone: output("example.com") }, "zone", plainHost],
        [{ zone: "Example.com" }, "zone", hostName("Example.com")],
        [{ zone: "example.org" }, "zone", "cannot hold provider.example.com"],
        [{ hosts: ["a.example.org"] }, "zone", "cannot hold a.example.org"],
        [{ zoneId: undefined }, "zoneId", "is missing"],
        [{ zoneId: "" }, "zoneId", "is empty"],
        [{ consumers: [] }, "consumers", "is empty, so nothing would protect the token"],
      ],
    ],
  ];

  for (const [subject, problems] of cases) {
    it(`of ${subject.component} is refused by its name, before anything is registered`, async () => {
      for (const [args, property, reason] of problems) {
        await assertRefused(
          (cluster) => subject.make(cluster, args),
          property,
          `${subject.component} "x": the argument ${property} ${reason}`,
        );
      }
    });
  }

  it("is neither an omitted optional one nor an empty override of the chart", async () => {
    const { resources } = await make(provider, {
      ...{ namespace: undefined, releaseName: undefined, timeout: undefined },
      values: { fullnameOverride: "", nameOverride: null },
    });
    assert.equal(resources.length, 5);
  });

  describe("credential", () => {
    const elsewhere: readonly CredentialConsumer[] = [
      providerConsumer({ dnsProvider: "googleCloud", namespace: "other" }),
      providerConsumer({ dnsProvider: "googleCloud", releaseName: "other" }),
      providerConsumer({ dnsProvider: "cloudflare" }),
      providerConsumer({}),
      { namespace: "akash-services", secret: "akash-provider-gcp-dns" },
    ];
    const sentence = (secret: string, pod: string, namespace: string) =>
      `AkashProvider "x": the argument credential has no consumer with the Secret ${secret} and the pod ${pod} in namespace ${namespace}: ` +
      "add providerConsumer with this namespace, releaseName and values to its consumers";

    function withConsumers(consumers: readonly CredentialConsumer[], args: Untyped = {}) {
      return (cluster: Cluster) => {
        const credential = new GcpDnsCredential("dns", { ...googleArguments(cluster), consumers });
        return provider.make(cluster, { credential, ...args });
      };
    }

    it("is refused if its consumer is another provider's Secret and pod", async () => {
      for (const consumer of elsewhere) {
        await assertRefused(
          withConsumers([consumer]),
          "credential",
          sentence("akash-provider-gcp-dns", "akash-provider-0", "akash-services"),
        );
      }
    });

    it("is refused if the provider has another name", async () => {
      const consumers = [providerConsumer({ dnsProvider: "googleCloud" })];
      await assertRefused(
        withConsumers(consumers, { namespace: "akash", values: { fullnameOverride: "gateway" } }),
        "credential",
        sentence("gateway-gcp-dns", "gateway-0", "akash"),
      );
    });

    it("is accepted if this provider is among its consumers", async () => {
      const args = { namespace: "akash", releaseName: "home", values: { nameOverride: "gateway" } };
      const consumers = [...elsewhere, providerConsumer({ dnsProvider: "googleCloud", ...args })];
      const { resources } = await run((cluster) => {
        withConsumers(consumers, args)(cluster);
        return undefined;
      });
      assert(resources.some(({ name }) => name === "x-dns-credential"));
    });

    it("is accepted without consumers, if it is provided", async () => {
      const { resources } = await run(async (cluster) => {
        const credential = await googleCloudCredential("dns", {
          ...googleArguments(cluster),
          ...{ project: "dns-project", zone: "example-com", serviceAccountKey: "{}" },
        });
        provider.make(cluster, { credential, namespace: "anywhere" });
        return {};
      });
      assert(resources.some(({ name }) => name === "x-dns-credential"));
    });
  });
});

describe("an argument that may be an Output", () => {
  /** The same arguments as Outputs, resolved later. */
  function later<T extends Untyped>(args: T): Untyped {
    const outputs = Object.entries(args).map(([name, value]) => [
      name,
      output(new Promise((done) => setImmediate(done, value))),
    ]);
    return Object.fromEntries(outputs) as Untyped;
  }

  /** Asserts that a component creates the same resources from Outputs as from plain values. */
  async function assertSame(subject: Subject, args: Untyped, asOutputs = later(args)) {
    const plain = await make(subject, args);
    assert(plain.resources.length > 3);
    const outputs = await make(subject, asOutputs);
    assert.deepEqual(outputs.resources, plain.resources);
    return outputs;
  }

  it("of AkashProvider reaches the chart's values and the Secrets like a plain value", async () => {
    const inputs = {
      account: "akash1another",
      domain: "example.org",
      email: "you@example.org",
      website: "https://example.org",
      directoryUrl: "https://acme.example.org/directory",
      attributes: [{ key: "region", value: "eu" }],
      storageClass: "beta3",
    };
    const nested = {
      wallet: { key: "armour", password: "word" },
      pricing: { script: "#!/bin/sh", minimumDeposit: "5uakt" },
      network: { node: "https://rpc.example.org", chainId: "akashnet-2", withdrawalPeriod: "1h" },
    };
    const args = {
      ...inputs,
      ...nested,
      ingress: { mode: "gateway-api", gatewayName: "gateway", gatewayNamespace: "edge" },
    };
    const program = await assertSame(provider, args, {
      ...later(inputs),
      ...Object.fromEntries(Object.entries(nested).map(([name, args]) => [name, later(args)])),
      ingress: {
        mode: "gateway-api",
        gatewayName: output("gateway"),
        gatewayNamespace: output("edge"),
      },
    });
    const { values } = find(program, "x-release").inputs as { readonly values: Untyped };
    assert.equal(values.domain, "example.org");
    assert.equal(values.bidpricescript, Buffer.from("#!/bin/sh").toString("base64"));
  });

  it("of GcpDnsCredential reaches account, grant and key", async () => {
    const program = await assertSame(google, {
      project: "another-project",
      managedZone: "another-zone",
      rotation: "2026-12",
    });
    const { project, managedZone } = find(program, "x-grant").inputs as Untyped;
    assert.deepEqual([project, managedZone], ["another-project", "another-zone"]);
    assert.equal((find(program, "x-account").inputs as Untyped).project, "another-project");
  });

  it("of GcpDnsCredential reaches the pod's environment", async () => {
    const program = await run((cluster) => {
      const credential = new GcpDnsCredential("dns", {
        ...googleArguments(cluster),
        ...later({ project: "another-project", managedZone: "another-zone" }),
      });
      provider.make(cluster, { credential });
      return undefined;
    });
    const parameters = JSON.stringify(find(program, "x-release").inputs);
    assert(parameters.includes(String.raw`\"GCE_PROJECT\":\"another-project\"`), parameters);
    assert(parameters.includes(String.raw`\"GCE_ZONE_ID\":\"another-zone\"`), parameters);
  });

  it("of CloudflareDnsCredential reaches the token", async () => {
    const program = await assertSame(cloudflare, {
      zoneId: "another-zone-id",
      permissionGroupIds: ["read", "write"],
      expiresOn: "2027-01-01T00:00:00Z",
      allowedIps: ["192.0.2.0/24"],
      rotation: "2026-12",
    });
    assert.deepEqual(find(program, "x-token").inputs, {
      name: "Akash provider DNS-01 for provider.example.com (stack home, 0a1b2c3d)",
      policies: [
        {
          effect: "allow",
          permissionGroups: [{ id: "read" }, { id: "write" }],
          resources: '{"com.cloudflare.api.account.zone.another-zone-id":"*"}',
        },
      ],
      expiresOn: "2027-01-01T00:00:00Z",
      condition: { requestIp: { ins: ["192.0.2.0/24"] } },
    });
  });
});
