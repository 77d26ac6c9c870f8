import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Secret } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { KubeConfig, Watch } from "../../lib/kubernetesClient.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { homeVolumes } from "../../sandbox/cluster/homeVolumes.ts";
import { issueCertificate, type CertificateReport } from "../../sandbox/cluster/issuer.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import { Cluster, isReady } from "./kubernetesObjects.ts";
import { programsPath } from "./programsPath.ts";
import { testSandbox } from "./sandbox.ts";
import { chartUnderTest, Workspace, type CommandResult, type StackSettings } from "./workspace.ts";

/** A provider and its stack. */
export interface ProviderOptions {
  /** Name of the namespace, and of the stack. */
  readonly name: string;
  /** The suffixes of its Secrets' names. */
  readonly secrets: readonly string[];
  /** The differences from the settings of stack `local`. */
  readonly settings?: StackSettings;
}

/** The options of an installation with Helm. */
export interface InstallOptions extends ProviderOptions {
  /** The values for Helm, or the text of their file. */
  readonly values: object | string;
  /** The arguments of `--set`. Default: none. */
  readonly set?: readonly string[];
  /** The chart's folder. Default: the chart that the program deploys. */
  readonly chart?: string | undefined;
}

/** Settings of stack `local` that a values file contains instead. */
const saidByFile = [
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

/** A provider and its stack, with assertions on what must not change. */
export class Provider {
  readonly name: string;
  readonly release: string;
  readonly pod: string;
  readonly sandbox: Sandbox;
  readonly cluster: Cluster;
  readonly workspace: Workspace;
  /** The output of every command. */
  readonly outputs: string[] = [];
  private readonly secretNames: readonly string[];
  private original: { readonly pod: string; readonly secrets: readonly V1Secret[] } | undefined;
  private watch: SecretWatch | undefined;

  private constructor(sandbox: Sandbox, workspace: Workspace, { name, secrets }: ProviderOptions) {
    this.sandbox = sandbox;
    this.cluster = new Cluster(sandbox);
    this.workspace = workspace;
    this.name = name;
    this.release = `${name}-provider`;
    this.pod = `${this.release}-0`;
    this.secretNames = secrets.map((suffix) => `${this.release}-${suffix}`);
  }

  /** A provider that Helm has installed, with an empty stack. The values are provider.yaml in the workspace. */
  static async install({
    values,
    set = [],
    chart,
    settings,
    ...options
  }: InstallOptions): Promise<Provider> {
    const provider = await Provider.create({
      ...options,
      settings: {
        ...Object.fromEntries(saidByFile.map((setting) => [setting, undefined])),
        timeout: "60",
        ...settings,
      },
    });
    provider.write("provider.yaml", typeof values === "string" ? values : stringify(values));
    await provider.upgrade(chart, ...set.flatMap((one) => ["--set", one]));
    return provider;
  }

  /** A provider that the program has deployed. */
  static async deploy({ settings, ...options }: ProviderOptions): Promise<Provider> {
    const { name } = options;
    const place = { namespace: name, releaseName: `${name}-provider` };
    const provider = await Provider.create({
      ...options,
      settings: { ...place, timeout: "60", ...settings },
    });
    await provider.workspace.up();
    return provider;
  }

  private static async create(options: ProviderOptions): Promise<Provider> {
    const { name, settings = {} } = options;
    const sandbox = await testSandbox();
    const workspace = await Workspace.create(sandbox, name, name, settings);
    return new Provider(sandbox, workspace, options);
  }

  /** Installs or upgrades it with Helm from provider.yaml. */
  async upgrade(chart = chartUnderTest(), ...args: readonly string[]): Promise<void> {
    await this.helm(
      ...["upgrade", "--install", this.release, chart, "--create-namespace"],
      ...["-f", this.path("provider.yaml"), "--wait", "--timeout", "60s", ...args],
    );
  }

  /** Runs Helm in its namespace. */
  async helm(...args: readonly string[]): Promise<CommandResult> {
    const programs = await ensurePrograms(["helm"], silentReporter);
    const result = await run(programs.get("helm")?.path ?? "helm", ["-n", this.name, ...args], {
      cwd: process.cwd(),
      env: this.sandbox.environment,
    });
    assert.equal(result.status, 0, result.output);
    return result;
  }

  /** From now on, its pod and Secrets must not change. */
  async remember(): Promise<void> {
    this.watch = await SecretWatch.start(this.sandbox, this.name, this.secretNames);
    this.original = { pod: await this.podUid(), secrets: await this.secrets() };
  }

  /** Adopts it from provider.yaml. */
  adopt(...args: readonly string[]): Promise<CommandResult> {
    return this.runAdopt(["provider.yaml", ...this.place, ...args]);
  }

  /** The options that identify it. */
  get place(): readonly string[] {
    return ["--namespace", this.name, "--release", this.release];
  }

  /** Runs `adopt` on its stack. */
  async runAdopt(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<CommandResult> {
    const result = await run(process.execPath, ["adopt/main.ts", "-s", this.name, ...args], {
      cwd: this.workspace.directory,
      env: { ...this.sandbox.environment, NO_COLOR: "1", ...environment },
    });
    this.outputs.push(result.output);
    assert.doesNotMatch(result.output, /\n\s+at .*\.ts:/, "a stack trace");
    return result;
  }

  async podUid(): Promise<string> {
    const found = await this.cluster.pod(this.name, this.pod);
    assert(isReady(found), `${this.pod} is not ready`);
    return found?.metadata?.uid ?? "";
  }

  async assertSamePod(): Promise<void> {
    assert.equal(await this.podUid(), this.original?.pod, "the pod was replaced");
  }

  /** The pod was replaced; the old one may still be terminating after the `up` that has replaced it. */
  async assertOtherPod(): Promise<void> {
    await waitFor(async () => (await this.podUid()) !== this.original?.pod, {
      what: `another pod ${this.pod}`,
      timeout: 60_000,
    });
  }

  secrets(): Promise<V1Secret[]> {
    return Promise.all(this.secretNames.map((secret) => this.secret(secret)));
  }

  private secret(name: string): Promise<V1Secret> {
    return this.cluster.core.readNamespacedSecret({ name, namespace: this.name });
  }

  /** The Secrets are the same objects. */
  async assertSameSecrets(): Promise<void> {
    const uid = ({ metadata }: V1Secret) => metadata?.uid;
    assert.deepEqual((await this.secrets()).map(uid), this.original?.secrets.map(uid));
  }

  /** The Secrets are the same objects with the same content. */
  async assertSecretsStayed(): Promise<void> {
    await this.assertSameSecrets();
    const data = (secret: V1Secret) => secret.data;
    assert.deepEqual((await this.secrets()).map(data), this.original?.secrets.map(data));
  }

  /** The Secrets are unchanged, including their labels. */
  async assertSecretsUntouched(): Promise<void> {
    assert.deepEqual(await this.secrets(), this.original?.secrets);
  }

  /** No Secret was missing at any moment since {@link remember}. Ends the watch. */
  async assertSecretsNeverMissing(): Promise<void> {
    const versions = (await this.secrets()).map(({ metadata }) => metadata?.resourceVersion ?? "");
    await waitFor(() => versions.every((version) => this.watch?.versions.has(version)), {
      what: "the watch of the Secrets",
      timeout: 10_000,
    });
    assert.deepEqual(this.watch?.deleted, []);
    this.stopWatching();
  }

  stopWatching(): void {
    this.watch?.stop();
  }

  /** None of these texts is readable anywhere: in Helm's history, the state, or the stack's file. */
  async assertHidden(texts: readonly string[]): Promise<void> {
    const history = await this.cluster.helmHistory(this.name);
    assert(history.length > 0);
    const readable = [...history.map(({ text }) => text), await this.state(), this.stackFile()];
    for (const text of [...readable, ...this.outputs]) {
      for (const secret of encodings(texts)) {
        assert(!text.includes(secret), `${text.slice(0, 60)}… has a credential`);
      }
    }
  }

  /** Obtains a new certificate, regardless of the home volume. */
  issueAnew(): Promise<CertificateReport> {
    const { sandbox, name, release } = this;
    rmSync(homeVolumes(sandbox.directory, name), { recursive: true, force: true });
    return issueCertificate(sandbox, { namespace: name, statefulSet: release }, silentReporter);
  }

  stackFile(): string {
    return readFileSync(this.path(this.stackFileName), "utf8");
  }

  writeStackFile(text: string): void {
    this.write(this.stackFileName, text);
  }

  private get stackFileName(): string {
    return `stacks/Pulumi.${this.name}.yaml`;
  }

  /** Runs commands from the README, for the stack `prod` and the defaults, on this one. */
  async shell(commands: string): Promise<void> {
    const { environment } = this.sandbox;
    const own = commands
      .replaceAll("akash-provider-", `${this.release}-`)
      .replaceAll("akash-services", this.name)
      .replaceAll(/\bprod\b/g, this.name);
    const result = await run("sh", ["-ec", own], {
      cwd: this.workspace.directory,
      env: {
        ...environment,
        PATH: await programsPath(["kubectl"], environment.PATH),
      },
    });
    assert.equal(result.status, 0, result.output);
    this.outputs.push(result.output);
  }

  async state(): Promise<string> {
    return (await this.workspace.succeed("stack", "export", "-s", this.name)).output;
  }

  write(file: string, text: string, mode = 0o644): void {
    writeFileSync(this.path(file), text, { mode });
  }

  path(file: string): string {
    return join(this.workspace.directory, file);
  }
}

/** Texts in plain form and encoded. */
function encodings(texts: readonly string[]): string[] {
  assert(texts.every(({ length }) => length > 16));
  return texts.flatMap((text) => [text, Buffer.from(text).toString("base64").slice(0, -4)]);
}

/** Watches the changes of Secrets. */
class SecretWatch {
  readonly versions = new Set<string>();
  readonly deleted: string[] = [];
  private request: AbortController | undefined;

  static async start(
    sandbox: Sandbox,
    namespace: string,
    names: readonly string[],
  ): Promise<SecretWatch> {
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfig);
    const watch = new SecretWatch();
    watch.request = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/secrets`,
      {},
      (phase, { metadata }: V1Secret) => {
        if (names.some((name) => name === metadata?.name)) {
          watch.versions.add(metadata?.resourceVersion ?? "");
          watch.deleted.push(...(phase === "DELETED" ? [metadata?.name ?? ""] : []));
        }
      },
      () => undefined,
    );
    await waitFor(() => watch.versions.size === names.length, {
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
