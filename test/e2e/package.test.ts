import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { resolve } from "node:path";
import type { V1Secret } from "@kubernetes/client-node";
import { issueCertificate } from "../../sandbox/cluster/issuer.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { installOwnProgram, packageName } from "../support/ownProgram.ts";
import { Readable } from "../support/readable.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey, walletPassword } from "../support/settings.ts";
import { Workspace } from "../support/workspace.ts";

const namespace = "akash-services";
const secretName = "akash-provider-cloudflare-dns";
const domain = "own.test";
const settings = {
  domain,
  accountId: "5a".repeat(16),
  email: "operator@own.test",
  account: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
  directoryUrl: "https://pebble.sandbox.internal/dir",
};

describe("A program of one's own with the installed package", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;
  let workspace: Workspace;
  let readable: Readable;
  const tokens = new Set<string>();

  const secret = (): Promise<V1Secret> =>
    cluster.core.readNamespacedSecret({ namespace, name: secretName });

  async function credential(): Promise<string> {
    const { data } = await secret();
    const token = Buffer.from(data?.CF_DNS_API_TOKEN ?? "", "base64").toString();
    tokens.add(token);
    return token;
  }

  async function zoneId(): Promise<string | undefined> {
    return (await clouds.cloudflareZones()).find(({ name }) => name === domain)?.id;
  }

  /** Runs Pulumi with the SDK's debug messages. */
  async function pulumi(command: string, ...args: readonly string[]): Promise<string> {
    const { output } = await workspace.succeed(command, "-s", "own", "--debug", ...args);
    readable.add(command, output);
    return output;
  }

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
    workspace = await Workspace.ofProgram(sandbox, "own", (directory) => {
      installOwnProgram(directory, sandbox.environment);
    });
    readable = new Readable(sandbox, cluster, namespace);
    // The chart's repository is unreachable here.
    workspace.edit(
      "index.ts",
      "  email: config",
      '  chart: { source: "./chart" },\n  email: config',
    );
    for (const [name, value] of Object.entries(settings)) {
      await workspace.succeed("config", "set", name, value);
    }
    await workspace.succeed("config", "set", "--secret", "walletKey", "--", walletKey);
    await workspace.succeed("config", "set", "--secret", "walletPassword", walletPassword);
  });

  it("has only TypeScript declarations in the package, which resolve each other", () => {
    const { directory } = workspace;
    const files = globSync(`${directory}/node_modules/${packageName}/**/*.ts`);
    assert(files.length > 0);
    assert.deepEqual(
      files.filter((file) => !file.endsWith(".d.ts")),
      [],
    );
    const args = [
      resolve("node_modules/typescript/bin/tsc"),
      ...["--noEmit", "--strict", "--target", "es2024", "--module", "nodenext"],
      ...["--skipLibCheck", "false", "--typeRoots", resolve("node_modules/@types")],
      ...["--types", "node", "index.ts"],
    ];
    const { stdout } = spawnSync(process.execPath, args, { cwd: directory, encoding: "utf8" });
    // Errors in other packages do not count.
    const errors = stdout.split("\n").filter((line) => /^(index|node_modules)\b/.test(line));
    assert.deepEqual(errors, []);
  });

  it("is previewed while the zone's id is not known", async () => {
    await pulumi("preview", "--diff");
    assert.equal(await zoneId(), undefined);
    assert.deepEqual(await clouds.cloudflareTokens(), []);
  });

  it("does not deploy with the token before the new zone is delegated, and reports its name servers", async () => {
    const { status, output } = await workspace.pulumi("up", "-s", "own", "--debug", "--yes");
    readable.add("up", output);
    assert.notEqual(status, 0);
    assert.match(
      output,
      /zone own\.test is pending: .* Delegate own\.test to ada\.ns\.cloudflare\.com/,
    );
    await assert.rejects(secret());
    // As the registrar does, which Cloudflare then detects.
    await clouds.seed("cloudflare", { zones: [{ name: domain, status: "active" }] });
  });

  it("ends with a certificate that was issued by dns-01 with a token for the new zone", async () => {
    await pulumi("up", "--yes");
    const [token, ...others] = await clouds.cloudflareTokens();
    assert.deepEqual(others, []);
    assert.deepEqual(
      token?.policies.map(({ resources }) => Object.keys(resources)),
      [[`com.cloudflare.api.account.zone.${(await zoneId()) ?? ""}`]],
    );
    const report = await issueCertificate(sandbox, { namespace }, silentReporter);
    assert.deepEqual(
      [report.result, report.challenge, report.credential?.provider],
      ["issued", "dns-01", "cf"],
    );
  });

  it("repairs the chart with the package's post-renderer", async () => {
    const { stdout } = await workspace.succeed("stack", "export", "-s", "own");
    assert(stdout.includes(`"postrender": "node_modules/${packageName}/dist/chart/postrender"`));
    const data = await cluster.configMapData(namespace, "akash-provider-letsencrypt");
    assert.equal(data.AP_CERT_ISSUER_DNS_PROVIDERS, "cf");
    assert(!("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT" in data));
    const { metadata } = await secret();
    assert.equal(metadata?.labels?.["app.kubernetes.io/managed-by"], "pulumi");
    const pod = await cluster.pod(namespace, "akash-provider-0");
    assert.equal(
      pod?.metadata?.annotations?.["checksum/dns-credential"],
      metadata.annotations?.["akash-provider-letsencrypt/credential-digest"],
    );
  });

  it("changes nothing when nothing changed", async () => {
    await pulumi("preview", "--expect-no-changes");
  });

  it("is the same program if Pulumi compiles it to CommonJS, as by default", async () => {
    workspace.edit("Pulumi.yaml", "typescript: false", "typescript: true");
    workspace.edit("package.json", '"type":"module",', "");
    await pulumi("preview", "--expect-no-changes");
    workspace.edit("Pulumi.yaml", "typescript: true", "typescript: false");
    workspace.edit("package.json", '"private":true,', '"private":true,"type":"module",');
  });

  it("rotates the token with one command", async () => {
    const before = { uid: (await secret()).metadata?.uid, token: await credential() };
    await pulumi("up", "--yes", "--replace", "**::dns-token");
    assert.equal((await secret()).metadata?.uid, before.uid);
    assert.notEqual(await credential(), before.token);
    assert.equal((await clouds.cloudflareTokens()).length, 1, "the old token is still there");
    await pulumi("preview", "--expect-no-changes");
  });

  it("shows no secret", async () => {
    await readable.addAll(workspace);
    assert.equal(tokens.size, 2);
    readable.assertWithout([...tokens, walletPassword, walletKey.split("\n")[5] ?? ""]);
  });

  it("deletes everything with destroy", async () => {
    readable.add("destroy", (await workspace.destroy()).output);
    assert.deepEqual(await clouds.cloudflareTokens(), []);
    assert.equal(await zoneId(), undefined);
    const { items } = await cluster.core.listNamespacedSecret({ namespace });
    assert.deepEqual(
      items.map(({ metadata }) => metadata?.name),
      [],
    );
  });
});
