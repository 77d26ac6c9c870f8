import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig, Watch, type V1Secret } from "@kubernetes/client-node";
import Cloudflare from "cloudflare";
import { stringify } from "yaml";
import { ensurePrograms } from "../../sandbox/builder.ts";
import type { Sandbox } from "../../sandbox/cluster.ts";
import { issueCertificate } from "../../sandbox/issuer.ts";
import { silentReporter } from "../../sandbox/progress.ts";
import { waitFor } from "../../sandbox/wait.ts";
import { Cluster, isReady } from "../support/cluster.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { chartUnderTest, Workspace, type CommandResult } from "../support/workspace.ts";

const name = "adopted";
const release = `${name}-provider`;
const pod = `${release}-0`;
const secrets = [`${release}-keys`, `${release}-cloudflare-dns`] as const;
/** As a shell's echo makes it: the line break is part of what the provider reads. */
const password = "SENTINEL-adopted-password\n";

const script = "#!/bin/sh\necho 1\n";

/** A provider that plain Helm has installed, through its adoption; each test goes on where the one before ended. */
describe("a provider that Helm has installed", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let workspace: Workspace;
  let cloudflare: Cloudflare;
  let token: { readonly id: string; readonly value: string };
  let seen: SecretWatch;
  let original: { readonly pod: string; readonly secrets: readonly V1Secret[] };
  const outputs: string[] = [];

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    cloudflare = new Cloudflare({
      apiToken: sandbox.environment.CLOUDFLARE_API_TOKEN ?? "",
      baseURL: `${sandbox.clouds.cloudflareUrl}`,
    });
    token = await makeToken(cloudflare);
    workspace = await Workspace.create(sandbox, name, name, {
      ...Object.fromEntries(writtenByAdopt.map((setting) => [setting, undefined])),
      timeout: "60",
    });
    writeFileSync(join(workspace.directory, "provider.yaml"), stringify(values(token.value)));
    await helm("install", release, chartUnderTest(), "--create-namespace");
    await helm("upgrade", release, chartUnderTest(), "--set", "website=https://set.example.test");
    await cluster.core.patchNamespace({
      name,
      fieldManager: "kubectl-label",
      body: [{ op: "add", path: "/metadata/labels/akash.network~1name", value: name }],
    });
    seen = await SecretWatch.start(sandbox);
    original = { pod: await podUid(), secrets: await liveSecrets() };
  });
  after(async () => {
    seen.stop();
    await cloudflare.user.tokens.delete(token.id);
  });

  async function helm(...args: readonly string[]): Promise<void> {
    const installed = await ensurePrograms(["helm"], silentReporter);
    const file = join(workspace.directory, "provider.yaml");
    const options = ["-n", name, "-f", file, "--wait", "--timeout", "60s"];
    const result = await run(installed.get("helm")?.path ?? "helm", [...args, ...options], {
      cwd: process.cwd(),
      env: sandbox.environment,
    });
    assert.equal(result.status, 0, result.output);
  }

  async function adopt(...args: readonly string[]): Promise<CommandResult> {
    return adoptWith({}, ...args);
  }

  async function adoptWith(
    environment: NodeJS.ProcessEnv,
    ...args: readonly string[]
  ): Promise<CommandResult> {
    const place = ["-s", name, "--namespace", name, "--release", release];
    const result = await run(process.execPath, ["adopt/main.ts", ...place, ...args], {
      cwd: workspace.directory,
      env: { ...sandbox.environment, NO_COLOR: "1", ...environment },
    });
    outputs.push(result.output);
    assert.doesNotMatch(result.output, /\n\s+at .*\.ts:/, "a stack trace");
    return result;
  }

  async function podUid(): Promise<string> {
    const found = await cluster.pod(name, pod);
    assert(isReady(found), `${pod} is not ready`);
    return found?.metadata?.uid ?? "";
  }

  function liveSecrets(): Promise<V1Secret[]> {
    return Promise.all(
      secrets.map((secret) => cluster.core.readNamespacedSecret({ name: secret, namespace: name })),
    );
  }

  /** The Secrets are the ones that Helm made, with what was in them. */
  async function assertSecretsStayed(): Promise<void> {
    const identity = ({ metadata, data }: V1Secret) => ({ uid: metadata?.uid, data });
    assert.deepEqual((await liveSecrets()).map(identity), original.secrets.map(identity));
  }

  async function assertNothingChanged(): Promise<void> {
    assert.deepEqual(await liveSecrets(), original.secrets);
    assert.equal(await podUid(), original.pod);
    const history = await cluster.helmHistory(name);
    assert(history.every(({ text }) => text.includes(token.value)));
    assert.doesNotMatch(stackFile(), /walletKey/);
    assert.doesNotMatch(await state(), /AkashProvider/);
  }

  function stackFile(): string {
    return readFileSync(join(workspace.directory, `stacks/Pulumi.${name}.yaml`), "utf8");
  }

  async function state(): Promise<string> {
    return (await workspace.succeed("stack", "export", "-s", name)).output;
  }

  /** Parts of the credentials, as text and encoded. */
  function sentinels(): string[] {
    const parts = [token.value, password.trim(), walletKey.split("\n")[5] ?? ""];
    assert(parts.every(({ length }) => length > 16));
    return parts.flatMap((text) => [text, Buffer.from(text).toString("base64").slice(0, -4)]);
  }

  it("is not adopted from a file that is malformed, and nothing is changed", async () => {
    const file = join(workspace.directory, "malformed.yaml");
    writeFileSync(file, `key: "${password}`);
    const { status, output } = await adopt(file);
    assert.equal(status, 1);
    assert.match(output, /malformed\.yaml is not YAML: line \d+/);
    await assertNothingChanged();
  });

  it("is not adopted while the file leaves something open, and nothing is changed", async () => {
    const { status, output } = await adopt("provider.yaml");
    assert.equal(status, 1);
    assert.match(output, /Nothing was changed\.\n.*which zone its credential is for; add --zone/);
    await assertNothingChanged();
  });

  it("is not found where it is not, but it is said where it is", async () => {
    const { status, output } = await adopt("provider.yaml", "--namespace", "default");
    assert.equal(status, 1);
    assert.match(output, /default has no Helm release adopted-provider, but adopted has\./);
  });

  it("is only told about in a dry run", async () => {
    const { status, output } = await adopt("provider.yaml", "--zone", "example.test", "--dry-run");
    assert.equal(status, 0, output);
    assert.match(output, /walletKey: "\[secret\]"/);
    assert.match(output, /letsEncrypt\.dns\.providers +No chart since 12\.1\.3 reads it/);
    assert.match(output, /website +only in the release/);
    assert.match(output, /Nothing was changed\. An adoption would run:/);
    await assertNothingChanged();
  });

  it("is told about as JSON, alone on standard output", async () => {
    const { stdout } = await adopt(
      ...["provider.yaml", "--zone", "example.test", "--dry-run", "--json"],
    );
    const { adopted, secrets, settings } = JSON.parse(stdout) as {
      readonly adopted: boolean;
      readonly secrets: readonly string[];
      readonly settings: { readonly dns: unknown };
    };
    assert.equal(adopted, false);
    assert.deepEqual(secrets, ["walletKey", "walletPassword", "dns.apiToken"]);
    assert.deepEqual(settings.dns, { provider: "cloudflare", zone: "example.test" });
  });

  it("goes on as it is where the adoption breaks off", async () => {
    // The stack is made where there is none.
    await workspace.succeed("stack", "rm", name, "--yes", "--preserve-config");
    const path = sandbox.environment.PATH ?? "";
    const folder = join(workspace.directory, "broken");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "pulumi"),
      `#!/bin/sh
if [ "$1" = import ]; then echo "error: the line went dead" >&2; exit 1; fi
PATH='${path}' exec pulumi "$@"
`,
      { mode: 0o755 },
    );
    const { status, output } = await adoptWith(
      { PATH: `${folder}:${path}` },
      ...["provider.yaml", "--zone", "example.test"],
    );
    assert.equal(status, 1);
    assert.match(output, /pulumi import .* failed:\n +error: the line went dead\n$/);
    assert.equal(await podUid(), original.pod);
    await assertSecretsStayed();
  });

  it("is adopted then without a restart, with the Secrets that it has", async () => {
    const { status, output } = await adopt("provider.yaml", "--zone", "example.test");
    assert.equal(status, 0, output);
    assert.equal(await podUid(), original.pod);
    await assertSecretsStayed();
  });

  it("is shown what the next up changes: no object is made or replaced", () => {
    const output = outputs.at(-1) ?? "";
    assert.match(output, /restarts the pod once/);
    assert.match(output, /one\s+new certificate/);
    assert.match(output, /~ 3 to update\n\s+4 unchanged/);
    assert.doesNotMatch(output, /\(replace\)|\(create\)|\(delete\)/);
  });

  it("keeps its bid price script, in a file of the stack's", () => {
    const file = join(workspace.directory, `stacks/${name}.price_script.sh`);
    assert.equal(readFileSync(file, "utf8"), script);
    assert.doesNotMatch(outputs.at(-1) ?? "", /[-+~] (bidpricescript|domain|from) *:/);
  });

  it("has left no credential in Helm's history, nor in clear in the state", async () => {
    const history = await cluster.helmHistory(name);
    assert.deepEqual(
      history.map(({ version }) => version),
      [1, 2],
    );
    for (const text of [...history.map((revision) => revision.text), await state(), stackFile()]) {
      for (const sentinel of sentinels()) {
        assert(!text.includes(sentinel), `${text.slice(0, 60)}… has a credential`);
      }
    }
  });

  it("is not adopted a second time", async () => {
    const { status, output } = await adopt("provider.yaml", "--zone", "example.test");
    assert.equal(status, 1);
    assert.match(output, /has its release already/);
  });

  it("cannot be destroyed before the first up, with the namespace that is not the stack's", async () => {
    const { status, output } = await workspace.pulumi("destroy", "-s", name, "--yes");
    assert.notEqual(status, 0);
    assert.match(output, /protected/);
    assert.equal(await podUid(), original.pod);
  });

  it("is put back where the first up does not get ready", async () => {
    const nowhere = ["--path", 'values.nodeSelector["example.test/disk"]', "none-has-it"];
    await workspace.succeed("config", "set", "-s", name, ...nowhere);
    await workspace.succeed("config", "set", "-s", name, "timeout", "15");
    const { status, output } = await workspace.pulumi("up", "-s", name, "--yes");
    outputs.push(output);
    assert.notEqual(status, 0);
    assert.match(output, /has been rolled back/);
    await podUid();
    await assertSecretsStayed();
    const [last] = (await cluster.helmHistory(name)).slice(-1);
    assert.equal(last?.info.description, "Rollback to 2");
    await workspace.succeed("config", "rm", "-s", name, "values");
    await workspace.succeed("config", "set", "-s", name, "timeout", "60");
  });

  it("gets its certificate by dns-01 with the credential that it had, after up", async () => {
    outputs.push((await workspace.up("--diff")).output);
    assert.notEqual(await podUid(), original.pod);
    await assertSecretsStayed();
    const report = await issueCertificate(
      sandbox,
      { namespace: name, statefulSet: release },
      silentReporter,
    );
    assert.deepEqual([report.result, report.challenge], ["issued", "dns-01"]);
  });

  it("is then as if the stack had made it", async () => {
    for (const { metadata } of await liveSecrets()) {
      assert.equal(metadata?.labels?.["app.kubernetes.io/managed-by"], "pulumi");
      assert.doesNotMatch(JSON.stringify(metadata?.annotations ?? {}), /helm\.sh/);
    }
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
  });

  it("is in a namespace that has kept its labels, and has the one for Akash's operators", async () => {
    const { metadata } = await cluster.core.readNamespace({ name });
    assert.equal(metadata?.labels?.["akash.network/name"], name);
    assert.equal(metadata?.labels?.["akash.network"], "true");
  });

  it("has had its Secrets all the time", async () => {
    const versions = (await liveSecrets()).map(({ metadata }) => metadata?.resourceVersion ?? "");
    await waitFor(() => versions.every((version) => seen.versions.has(version)), {
      what: "the watch of the Secrets",
      timeout: 10_000,
    });
    assert.deepEqual(seen.deleted, []);
  });

  it("was nowhere shown with a credential", () => {
    for (const output of outputs) {
      for (const sentinel of sentinels()) {
        assert(!output.includes(sentinel), `${output.slice(0, 60)}… shows a credential`);
      }
    }
  });

  it("leaves the namespace when it is destroyed", async () => {
    seen.stop();
    await workspace.destroy();
    assert.deepEqual(await cluster.helmHistory(name), []);
    assert.equal((await cluster.core.readNamespace({ name })).metadata?.name, name);
  });
});

/** Settings of stack `local` that the file says instead. */
const writtenByAdopt = [
  "acmeDirectory",
  "attributes",
  "domain",
  "email",
  "from",
  "walletKey",
  "walletPassword",
  "website",
  "withdrawalperiod",
];

/** The values that the provider was installed with. */
function values(apiToken: string): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
    key: base64(walletKey),
    keysecret: base64(password),
    domain: "example.test",
    email: "operator@example.test",
    bidpricescript: base64(script),
    price_target_cpu: 1.6,
    attributes: [
      { key: "region", value: "us-east" },
      { key: "capabilities/storage/1/class", value: "beta3" },
      { key: "capabilities/storage/1/persistent", value: true },
    ],
    letsEncrypt: {
      enabled: true,
      acme: { caDirUrl: "https://pebble.sandbox.internal/dir" },
      dns: { providers: ["cf"] },
      providers: { cloudflare: { enabled: true, apiToken } },
    },
  };
}

async function makeToken(cloudflare: Cloudflare) {
  const groups = await cloudflare.user.tokens.permissionGroups.list();
  const permission_groups = groups.result
    .filter((group) => ["Zone Read", "DNS Write"].includes(group.name ?? ""))
    .map(({ id = "" }) => ({ id }));
  const zones = await cloudflare.zones.list({ name: "example.test" });
  const resources = { [`com.cloudflare.api.account.zone.${zones.result[0]?.id ?? ""}`]: "*" };
  const policies = [{ effect: "allow" as const, permission_groups, resources }];
  const made = await cloudflare.user.tokens.create({ name, policies });
  return { id: made.id ?? "", value: made.value ?? "" };
}

/** What happens to the provider's Secrets, by a watch on them. */
class SecretWatch {
  readonly versions = new Set<string>();
  readonly deleted: string[] = [];
  private request: AbortController | undefined;

  static async start(sandbox: Sandbox): Promise<SecretWatch> {
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfig);
    const watch = new SecretWatch();
    watch.request = await new Watch(config).watch(
      `/api/v1/namespaces/${name}/secrets`,
      {},
      (phase, { metadata }: V1Secret) => {
        if (secrets.some((secret) => secret === metadata?.name)) {
          watch.versions.add(metadata?.resourceVersion ?? "");
          watch.deleted.push(...(phase === "DELETED" ? [metadata?.name ?? ""] : []));
        }
      },
      () => undefined,
    );
    await waitFor(() => watch.versions.size === secrets.length, {
      what: "the watch of the Secrets",
      timeout: 10_000,
    });
    return watch;
  }

  stop(): void {
    this.request?.abort();
  }
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  return new Promise((done) => {
    const child = execFile(command, args, options, (_error, stdout, stderr) => {
      done({ status: child.exitCode, stdout, stderr, output: stdout + stderr });
    });
  });
}
