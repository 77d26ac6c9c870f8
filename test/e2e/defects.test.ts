import assert from "node:assert/strict";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { containersImpossible } from "../../sandbox/cluster/container.ts";
import { issueCertificate, type CertificateReport } from "../../sandbox/cluster/issuer.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { repairsVersion } from "../../chart/parameters.ts";
import { repairs } from "../../chart/repairs.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { renewals } from "../support/renewal.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const name = "defects";
const release = `${name}-provider`;
const settings = {
  namespace: name,
  releaseName: release,
  timeout: "60",
  challenge: "dns-01",
  dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
};

/** Omits each repair in turn, to check that the chart still needs it. */
describe("without the repair", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let workspace: Workspace;
  const seen = new Set<string>();

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    workspace = await Workspace.create(sandbox, name, name, settings);
  });
  after(() => workspace.destroy());

  /** Omits one repair, and the last check, which would refuse the result. */
  function leaveOut(repair: string): void {
    assert(repairs.some(({ name }) => name === repair));
    seen.add(repair);
    workspace.restore("chart");
    workspace.edit(
      "chart/repairs.ts",
      "return repairs.filter(",
      `return repairs.filter(({ name }) => name !== "${repair}").filter(`,
    );
    workspace.edit("chart/repairManifest.ts", "if (findings.length > 0) {", "if (false) {");
    // Pulumi compares only the values.
    workspace.edit(
      "chart/parameters.ts",
      `repairsVersion = "${repairsVersion}"`,
      `repairsVersion = "${repair}"`,
    );
  }

  async function up(more: StackSettings = {}): Promise<void> {
    workspace.configure({ ...settings, ...more });
    await workspace.up();
  }

  function issue(): Promise<CertificateReport> {
    return issueCertificate(sandbox, { namespace: name, statefulSet: release }, silentReporter);
  }

  it("dns-provider-name the provider refuses its configuration", async () => {
    leaveOut("dns-provider-name");
    await up();
    await assert.rejects(issue(), /invalid dns provider googleCloud/);
  });

  it("extra-environment the grant on the zone is not sufficient", async () => {
    leaveOut("extra-environment");
    await up();
    await assert.rejects(issue(), /403|forbidden/i);
  });

  it("http-port-under-dns-01 the certificate is issued by http-01", async () => {
    leaveOut("http-port-under-dns-01");
    await up();
    assert.equal((await issue()).challenge, "http-01");
  });

  it("storage-directory-per-ca another CA's certificate remains in use", async () => {
    const other = { acmeDirectory: "https://pebble.sandbox.internal/dir?of=another" };
    leaveOut("storage-directory-per-ca");
    await up();
    await issue();
    await up(other);
    assert.equal((await issue()).result, "reused");

    workspace.restore("chart");
    await up(other);
    assert.equal((await issue()).result, "issued", "with the repair");
  });

  it("checksum-annotations a changed setting does not change the pod's template", async () => {
    const revision = async () =>
      (await cluster.pod(name, `${release}-0`))?.metadata?.labels?.["controller-revision-hash"];
    leaveOut("checksum-annotations");
    await up();
    const before = await revision();
    await up({ acmeDirectory: "https://ca.example.test/dir" });
    assert.equal(await revision(), before);

    workspace.restore("chart");
    await up({ acmeDirectory: "https://another-ca.example.test/dir" });
    assert.notEqual(await revision(), before, "with the repair");
  });

  it("credential-secrets Helm refuses the Secrets that the program created", async () => {
    leaveOut("credential-secrets");
    workspace.configure(settings);
    const { status, output } = await workspace.pulumi("up", "-s", name, "--yes");
    assert.notEqual(status, 0);
    assert.match(
      output,
      /exists and cannot be imported into the current release|invalid ownership/,
    );
    workspace.restore("chart");
    await up();
  });

  it("renewal-retry the container is never restarted, and the certificate expires", async function () {
    const impossible = await containersImpossible();
    if (impossible !== undefined) {
      console.log(`    Skipped: ${impossible}`);
      seen.add("renewal-retry");
      this.skip();
    }
    leaveOut("renewal-retry");
    // A directory URL for which no other test has left a certificate.
    await up({ acmeDirectory: "https://pebble.sandbox.internal/dir?of=short-lived" });
    const clouds = new SandboxClouds(sandbox);
    const { starts, serial, end, now } = await renewals(sandbox, {
      namespace: name,
      statefulSet: release,
      host: "provider.example.test",
      spoil: () => clouds.inject("google", { match: "POST .*/changes", status: 403, times: 100 }),
      fix: () => clouds.clearFaults(),
    });
    const [first, ...further] = starts;
    assert.deepEqual(further, []);
    assert(first !== undefined && "serial" in first.outcome);
    assert.equal(first.outcome.serial, serial);
    assert(end < now, `ends at ${end}, and it is ${now}`);

    workspace.restore("chart");
    await up();
  });

  it("every repair is tested", () => {
    assert.deepEqual([...seen].sort(), repairs.map(({ name }) => name).sort());
  });
});

describe("a provided credential", () => {
  // The messages about smaller grants are tested with the proof; this test checks that nothing else happens.
  it("that does not work is not stored, and the provider is unchanged", async () => {
    const sandbox = await testSandbox();
    const cluster = new Cluster(sandbox);
    const http01 = { namespace: "brought", releaseName: "brought-provider", timeout: "60" };
    const workspace = await Workspace.create(sandbox, "brought", "brought", http01);
    await workspace.up();
    const pod = (await cluster.pod("brought", "brought-provider-0"))?.metadata?.uid;

    workspace.configure({
      ...http01,
      challenge: "dns-01",
      dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 1 },
    });
    const token = "SENTINEL0123456789012345678901234567890123";
    const set = ["config", "set", "-s", "brought", "--path", "--secret", "dns.apiToken", token];
    await workspace.succeed(...set);
    const { status, output } = await workspace.pulumi("up", "-s", "brought", "--yes", "--diff");
    assert.notEqual(status, 0);
    assert.match(output, /Cloudflare does not accept the token/);
    assert(!output.includes(token));
    const secret = await cluster.get("v1", "Secret", "brought-provider-cloudflare-dns", "brought");
    assert.equal(secret, undefined);
    assert.equal((await cluster.pod("brought", "brought-provider-0"))?.metadata?.uid, pod);
    await workspace.destroy();
  });
});
