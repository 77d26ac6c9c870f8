import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RunError } from "@pulumi/pulumi";
import {
  AkashProvider,
  Cluster,
  dnsCredential,
  providerConsumer,
  type DnsCredentialOptions,
} from "../../../components/index.ts";
import { providerArguments } from "../../support/arguments.ts";
import {
  cloudZones,
  runProgram,
  type ProgramRun,
  type RegisteredResource,
} from "../../support/mocks.ts";

/** The options of a credential that depend on its place in a program. */
type Common = "cluster" | "consumers" | "domain";
type OwnOptions = DnsCredentialOptions extends infer Options
  ? Options extends unknown
    ? Omit<Options, Common>
    : never
  : never;

/** A provider whose credential has these options. */
async function run(options: OwnOptions, domain = "example.com"): Promise<ProgramRun> {
  return runProgram("home", async () => {
    const cluster = new Cluster("cluster");
    const consumers = [providerConsumer({ dnsProvider: options.dnsProvider })];
    const credential = await dnsCredential("dns", { ...options, cluster, consumers, domain });
    const { credentialSecret, revision } = new AkashProvider("provider", {
      ...providerArguments(cluster),
      domain,
      credential,
    });
    return { credentialSecret, revision };
  });
}

function types({ resources }: ProgramRun, prefix: string): string[] {
  return resources.map(({ type }) => type).filter((type) => type.startsWith(prefix));
}

function find({ resources }: ProgramRun, name: string): RegisteredResource {
  const found = resources.find((resource) => resource.name === name);
  assert(found !== undefined, `no resource ${name}`);
  return found;
}

function values(program: ProgramRun): {
  readonly letsEncrypt: { readonly providers?: unknown };
  readonly serviceAccount: { readonly annotations: Readonly<Record<string, string>> };
} {
  return (find(program, "provider-release").inputs as { values: ReturnType<typeof values> }).values;
}

const keyFile = JSON.stringify({
  type: "service_account",
  client_email: "brought@dns-project.iam.gserviceaccount.com",
  private_key_id: "SENTINEL-key",
  private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }),
});

async function refusal(program: Promise<unknown>): Promise<string> {
  try {
    await program;
  } catch (error) {
    assert(error instanceof RunError, String(error));
    return error.message;
  }
  return assert.fail("not refused");
}

const { google, cloudflare: atCloudflare } = cloudZones;

/** Sets the zones of a DNS provider, for one test. */
function withZones(cloud: keyof typeof cloudZones, zones: readonly object[]): void {
  cloudZones[cloud] = zones;
}

describe("DNS credential", () => {
  afterEach(() => {
    Object.assign(cloudZones, { google, cloudflare: atCloudflare });
  });

  const googleCloud = { dnsProvider: "googleCloud", project: "dns-project" } as const;
  const cloudflare = { dnsProvider: "cloudflare", zone: "example.com" } as const;

  describe("of Google Cloud", () => {
    it("is an account, a grant on only the zone, and a key, without resources of Cloudflare", async () => {
      const program = await run(googleCloud);
      assert.deepEqual(types(program, "gcp:").sort(), [
        "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember",
        "gcp:serviceaccount/account:Account",
        "gcp:serviceaccount/key:Key",
      ]);
      assert.deepEqual(types(program, "cloudflare:"), []);
      const { managedZone, role } = find(program, "dns-grant").inputs as Record<string, string>;
      assert.deepEqual(
        { managedZone, role },
        { managedZone: "example-com", role: "roles/dns.admin" },
      );
    });

    it("has access to every zone of the project only if configured", async () => {
      const program = await run({ ...googleCloud, grant: "project" });
      assert.equal(find(program, "dns-grant").type, "gcp:projects/iAMMember:IAMMember");
    });

    it("is proven before it is stored", async () => {
      const { hooks } = find(await run(googleCloud), "provider-dns-credential").options;
      assert.deepEqual(hooks, {
        beforeCreate: ["cluster-deployed", "provider-proof"],
        beforeUpdate: ["cluster-deployed", "provider-proof"],
      });
    });

    it("is for the public zone that contains the host, not the private one", async () => {
      const program = await run(googleCloud, "akash.example.test");
      const { managedZone } = find(program, "dns-grant").inputs as Record<string, string>;
      assert.equal(managedZone, "example-test");
    });

    it("is refused without such a zone, with a list of the existing zones", async () => {
      const message = await refusal(run(googleCloud, "example.org"));
      assert.match(message, /dns-project has no public managed zone for provider\.example\.org/);
      assert.match(message, /example-com \(example\.com\., public\)/);
      assert.match(message, /pulumi config set -s home --path dns\.zone/);
    });

    it("is refused where several public zones have the same name, with the commands that choose one", async () => {
      withZones("google", [
        { name: "old", dnsName: "example.com.", nameServers: ["ns-cloud-a1.googledomains.com."] },
        { name: "new", dnsName: "Example.com.", nameServers: ["ns-cloud-b2.googledomains.com."] },
        { name: "inner", dnsName: "example.com.", visibility: "private" },
      ]);
      const message = await refusal(run(googleCloud));
      assert.match(message, /has 2 public managed zones for example\.com/);
      assert.match(
        message,
        /old, served by ns-cloud-a1\.googledomains\.com\n +pulumi config set -s home --path dns\.zone old\n/,
      );
      assert.match(message, /new, served by ns-cloud-b2\.googledomains\.com/);
      assert.doesNotMatch(message, /inner/);
      const program = await run({ ...googleCloud, zone: "new" });
      assert.equal(
        (find(program, "dns-grant").inputs as { managedZone: string }).managedZone,
        "new",
      );
    });

    it("supports a zone with a Unicode name, which Google returns in ASCII", async () => {
      withZones("google", [{ name: "buecher", dnsName: "xn--bcher-kva.example." }]);
      const program = await run(googleCloud, "bücher.example");
      assert.equal(
        (find(program, "dns-grant").inputs as { managedZone: string }).managedZone,
        "buecher",
      );
      assert.equal((values(program) as { domain?: string }).domain, "xn--bcher-kva.example");
    });

    it("is refused for a named zone that does not contain the host", async () => {
      const message = await refusal(run({ ...googleCloud, zone: "other" }));
      assert.match(message, /no public managed zone other for provider\.example\.com/);
    });

    it("may be provided, and then nothing is created at Google", async () => {
      const program = await run({
        ...googleCloud,
        zone: "example-com",
        serviceAccountKey: keyFile,
      });
      assert.deepEqual(types(program, "gcp:"), []);
      assert.deepEqual(program.outputs, {
        credentialSecret: "akash-provider-gcp-dns",
        revision: 1,
      });
      const { data } = find(program, "provider-dns-credential").inputs as {
        data: { secret: Record<string, string> };
      };
      assert.deepEqual(Object.keys(data.secret), ["service-account.json"]);
    });

    it("is not needed on GKE: no key and no Secret, and the pod impersonates the account", async () => {
      const account = "akash@dns-project.iam.gserviceaccount.com";
      const program = await run({ ...googleCloud, zone: "example-com", workloadIdentity: account });
      assert.deepEqual(types(program, "gcp:"), []);
      assert.deepEqual(types(program, "kubernetes:core/v1:Secret").length, 1, "the wallet's alone");
      const { letsEncrypt, serviceAccount } = values(program);
      assert.equal(letsEncrypt.providers, undefined);
      assert.equal(serviceAccount.annotations["iam.gke.io/gcp-service-account"], account);
      assert.match(JSON.stringify(serviceAccount.annotations), /GCE_ZONE_ID/);
    });
  });

  describe("of Cloudflare", () => {
    interface Token {
      readonly policies: readonly {
        readonly permissionGroups: readonly { readonly id: string }[];
        readonly resources: string;
      }[];
      readonly expiresOn?: string;
      readonly condition?: unknown;
      readonly accountId?: string;
    }

    it("is a token for Zone Read and DNS Write on only the zone, without resources of Google", async () => {
      const program = await run(cloudflare);
      assert.deepEqual(types(program, "cloudflare:"), ["cloudflare:index/apiToken:ApiToken"]);
      assert.deepEqual(types(program, "gcp:"), []);
      const [policy, ...others] = (find(program, "dns-token").inputs as Token).policies;
      assert.deepEqual(others, []);
      assert.deepEqual(policy?.permissionGroups, [
        { id: "id-of-Zone-Read" },
        { id: "id-of-DNS-Write" },
      ]);
      assert.deepEqual(JSON.parse(policy?.resources ?? ""), {
        "com.cloudflare.api.account.zone.zone-id-of-example-com": "*",
      });
    });

    it("may belong to an account, expire at a date, and be restricted to addresses", async () => {
      const program = await run({
        ...cloudflare,
        accountId: "a".repeat(32),
        expiresOn: "2027-01-01T00:00:00Z",
        allowedIps: ["192.0.2.0/24"],
      });
      const token = find(program, "dns-token");
      assert.equal(token.type, "cloudflare:index/accountToken:AccountToken");
      const { accountId, expiresOn, condition } = token.inputs as Token;
      assert.equal(accountId, "a".repeat(32));
      assert.equal(expiresOn, "2027-01-01T00:00:00Z");
      assert.deepEqual(condition, { requestIp: { ins: ["192.0.2.0/24"] } });
    });

    it("may be provided, and then nothing is created at Cloudflare", async () => {
      const program = await run({ ...cloudflare, apiToken: "SENTINEL-token\n" });
      assert.deepEqual(types(program, "cloudflare:"), []);
      const { data } = find(program, "provider-dns-credential").inputs as {
        data: { secret: Record<string, string> };
      };
      const stored = Buffer.from(data.secret.CF_DNS_API_TOKEN ?? "", "base64").toString();
      assert.equal(stored, "SENTINEL-token", "without the line end, which the chart would keep");
    });

    it("has a proof timeout of one minute where it is provided, unless the stack sets another", async () => {
      const server = createServer((_request, response) => {
        response.writeHead(429, { "retry-after": "61", "content-type": "application/json" });
        response.end(JSON.stringify({ success: false, errors: [], messages: [], result: null }));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const access = {
        cloudflare: { apiToken: "o".repeat(40), endpoint: `http://127.0.0.1:${port}/client/v4` },
        googleCloud: {},
      };
      try {
        await runProgram("home", async () => {
          const cluster = new Cluster("cluster");
          const consumers = [providerConsumer({ dnsProvider: "cloudflare" })];
          const common = { ...cloudflare, cluster, consumers, domain: "example.com", access };
          const brought = await dnsCredential("brought", { ...common, apiToken: "b".repeat(40) });
          await assert.rejects(brought.prove("b".repeat(40)), /429 \(retried for 60 s\)/);
          const told = await dnsCredential("told", {
            ...{ ...common, apiToken: "b".repeat(40), proofTimeout: 30 },
          });
          await assert.rejects(told.prove("b".repeat(40)), /429 \(retried for 30 s\)/);
          return {};
        });
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });

    const zone = { id: "1".repeat(32), name: "example.com", status: "active", type: "full" };
    const inAccount = (name: string, id: string) => ({
      ...{ ...zone, id: id.repeat(32), account: { name, id: id.repeat(32) } },
      nameServers: [`${name.toLowerCase()}.ns.cloudflare.com`],
    });

    for (const [change, words] of [
      [{ status: "pending" }, /is pending: DNS does not delegate it to Cloudflare yet/],
      [{ status: "initializing" }, /is initializing/],
      [{ status: "moved" }, /is moved: DNS no longer delegates it to Cloudflare/],
      [{ status: "deactivated" }, /is deactivated, so Cloudflare does not serve it/],
      [{ type: "partial" }, /is partial, a CNAME setup/],
      [{ type: "secondary" }, /is secondary/],
      [{ type: "internal" }, /is internal: public DNS does not serve it/],
    ] as const) {
      it(`is refused for a zone that is ${Object.values(change).join("")}`, async () => {
        withZones("cloudflare", [{ ...zone, ...change, nameServers: ["ada.ns.test"] }]);
        const message = await refusal(run(cloudflare));
        assert.match(message, words);
        assert.match(message, /Nothing was changed/);
        assert.match(await refusal(run({ ...cloudflare, zoneId: zone.id })), words);
      });
    }

    it("is refused where several accounts have the zone, with the commands that choose one", async () => {
      withZones("cloudflare", [inAccount("Ada", "a"), inAccount("Bob", "b")]);
      const message = await refusal(run(cloudflare));
      assert.match(message, /has 2 zones example\.com/);
      assert.match(
        message,
        /account Ada \(a{32}\): active, served by ada\.ns\.cloudflare\.com\n +pulumi config set -s home --path dns\.zoneId a{32}\n/,
      );
      assert.match(message, /account Bob \(b{32}\)/);
    });

    it("is for the zone of an id, regardless of the token's owner", async () => {
      withZones("cloudflare", [inAccount("Ada", "a"), inAccount("Bob", "b")]);
      const program = await run({ ...cloudflare, zoneId: "b".repeat(32) });
      const token = find(program, "dns-token");
      assert.equal(token.type, "cloudflare:index/apiToken:ApiToken");
      const [policy] = (token.inputs as Token).policies;
      assert.match(policy?.resources ?? "", /account\.zone\.b{32}"/);
    });

    it("is for the active one of several zones, where the others are pending", async () => {
      withZones("cloudflare", [
        { ...inAccount("Ada", "a"), status: "pending" },
        inAccount("Bob", "b"),
      ]);
      const [policy] = (find(await run(cloudflare), "dns-token").inputs as Token).policies;
      assert.match(policy?.resources ?? "", /account\.zone\.b{32}"/);
    });

    it("is refused for the id of another zone, or one that the token's account does not have", async () => {
      withZones("cloudflare", [inAccount("Ada", "a"), { ...zone, name: "example.org" }]);
      const other = await refusal(run({ ...cloudflare, zoneId: zone.id }));
      assert.match(other, /dns\.zoneId is the id of the Cloudflare zone example\.org/);
      assert.match(other, /pulumi config rm -s home --path dns\.zoneId/);
      const accountId = "c".repeat(32);
      const foreign = await refusal(run({ ...cloudflare, zoneId: "a".repeat(32), accountId }));
      assert.match(foreign, /account Ada .*token of the account c{32}/);
      assert.match(foreign, /pulumi config set -s home --path dns\.accountId a{32}/);
    });

    it("is refused for a zone that cannot be read", async () => {
      withZones("cloudflare", []);
      assert.match(
        await refusal(run(cloudflare)),
        /The Cloudflare zone example\.com could not be looked up: .* can read no zone of this name/,
      );
    });

    it("supports a zone with a Unicode name, in either form on each side", async () => {
      for (const [told, said] of [
        ["bücher.example", "xn--bcher-kva.example"],
        ["bücher.example", "bücher.example"],
        ["xn--bcher-kva.example", "bücher.example"],
      ] as const) {
        withZones("cloudflare", [{ ...zone, name: told }]);
        const program = await run({ ...cloudflare, zone: said }, "akash.bücher.example");
        const [policy] = (find(program, "dns-token").inputs as Token).policies;
        assert.match(policy?.resources ?? "", new RegExp(zone.id));
      }
    });

    it("is refused for a zone that does not contain the host", async () => {
      const message = await refusal(run({ ...cloudflare, zone: "example.org" }));
      assert.match(message, /zone example\.org cannot hold provider\.example\.com/);
    });
  });

  it("is stored only in its Secret", async () => {
    for (const dns of [
      { ...cloudflare, apiToken: "SENTINEL-token" },
      { ...googleCloud, zone: "example-com", serviceAccountKey: keyFile },
    ]) {
      const { resources, outputs } = await run(dns);
      const secrets = ["provider-dns-credential", "provider-wallet"];
      const others = resources.filter(({ name }) => !secrets.includes(name));
      assert.doesNotMatch(JSON.stringify([others, outputs]), /SENTINEL|U0VOVElORU/);
    }
  });
});
