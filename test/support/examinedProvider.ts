import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { rootOfCertificates } from "../../sandbox/cluster/acme.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import { createSelfSigned, type KeyPair } from "../../sandbox/cluster/certificates.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { homeVolumes } from "../../sandbox/cluster/homeVolumes.ts";
import { issueCertificate } from "../../sandbox/cluster/issuer.ts";
import { podLog, podLogs, type PodLog } from "../../sandbox/cluster/podLog.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { dnsServersVariable } from "../../lib/dnsServers.ts";
import type { Report, ReportedFinding } from "../../doctor/report.ts";
import { Workspace, type StackSettings } from "./workspace.ts";

/** An address of a documentation network (RFC 5737), which the doctor treats as public. */
const publicAddress = "203.0.113.10";
/** The ids of all findings in any report. */
export const provoked = new Set<string>();
/**
 * The commands of all findings, with `x` for the names of a stack; and the commands that were run where they were
 * printed.
 */
export const commands = { given: new Set<string>(), run: new Set<string>() };

/** Whether a command changes nothing, so that it can be run wherever it is printed. */
function isReadOnly(command: string): boolean {
  return (
    /^(?:kubectl|helm|pulumi|npm) /.test(command) &&
    !/ (?:exec|debug|apply|delete|patch|set|up|--watch)\b/.test(command) &&
    // A placeholder for the reader.
    !/'[A-Z][A-Z_.]+'/.test(command)
  );
}

const script = resolve("doctor/main.ts");

/** A provider that the doctor checks: its stack, and stand-ins for the parts that the sandbox cannot serve. */
export class ExaminedProvider {
  readonly name: string;
  readonly host: string;
  readonly domain: string;
  readonly release: string;
  readonly pod: string;
  readonly workspace: Workspace;
  private readonly sandbox: Sandbox;
  private readonly api: HttpsServer;
  private readonly entry: HttpServer;
  /** The status with which the cluster's entry responds on port 80. */
  answer = 503;
  /** Files with roots for the doctor, in addition to those that it knows. */
  roots: readonly string[] = [];
  /** The headers of the provider API's responses. */
  apiHeaders: Readonly<Record<string, string>> = {};

  private constructor(sandbox: Sandbox, name: string, domain: string, workspace: Workspace) {
    this.sandbox = sandbox;
    this.name = name;
    this.domain = domain;
    this.host = `provider.${this.domain}`;
    this.release = `${name}-provider`;
    this.pod = `${this.release}-0`;
    this.workspace = workspace;
    this.api = createHttpsServer((_request, response) => {
      response.writeHead(200, this.apiHeaders).end("{}");
    });
    this.entry = createHttpServer((_request, response) => {
      response.writeHead(this.answer).end();
    });
  }

  /** Deploys a stack, and serves a certificate that is not the issuer's. */
  static async create(
    sandbox: Sandbox,
    name: string,
    settings: StackSettings,
  ): Promise<ExaminedProvider> {
    const workspace = await Workspace.create(sandbox, name, name, settingsOf(name, settings));
    // The files that npm run doctor runs there.
    for (const part of ["bootstrap.mjs", "doctor", "sandbox"]) {
      symlinkSync(resolve(part), join(workspace.directory, part));
    }
    const patient = new ExaminedProvider(sandbox, name, domainOf(settings, name), workspace);
    patient.roots = [await rootOfCertificates(sandbox)];
    await workspace.up();
    for (const server of [patient.api, patient.entry] as Server[]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    return patient;
  }

  /** Obtains the certificate, and serves it. */
  async issue(): Promise<void> {
    const target = { namespace: this.name, statefulSet: this.release };
    const { storageDir } = await issueCertificate(this.sandbox, target, silentReporter);
    this.serveIssued(storageDir);
  }

  /** Sets a public address in DNS: until then, the host resolves to this machine for the CA. */
  async publish(): Promise<void> {
    await this.dns("add-a", { host: `${this.host}.`, addresses: [publicAddress] });
  }

  /** Adds a root for the doctor. */
  trust({ certificate }: { readonly certificate: string }): void {
    const file = join(this.workspace.directory, `root-${this.roots.length}.pem`);
    writeFileSync(file, certificate);
    this.roots = [...this.roots, file];
  }

  /** The pod's log. */
  log(): Promise<PodLog> {
    return podLog(this.sandbox, this.name, this.pod);
  }

  /** Deletes the log. */
  removeLog(): void {
    rmSync(join(podLogs(this.sandbox.directory, this.name), `${this.pod}.log`));
  }

  serve({ certificate, key }: KeyPair): void {
    this.api.setSecureContext({ cert: certificate, key });
  }

  private serveIssued(storageDir: string): void {
    const home = join(homeVolumes(this.sandbox.directory, this.name), this.release);
    assert(storageDir.startsWith(home), storageDir);
    const read = (ending: string) =>
      readFileSync(join(storageDir, "certificates", `${this.host}.${ending}`), "utf8");
    this.serve({ certificate: read("crt"), key: read("key") });
  }

  /** Calls the management interface of the sandbox's DNS server. */
  async dns(command: string, body: object): Promise<void> {
    const url = `${this.sandbox.dns.managementUrl}/${command}`;
    const { ok } = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    assert(ok, command);
  }

  /** Runs the doctor as a user would. */
  doctor(...args: readonly string[]): Promise<Ended> {
    return ended(this.start(...args));
  }

  /** Starts the doctor. */
  start(...args: readonly string[]): Started {
    return start(this.sandbox, this.workspace.directory, this.arguments(args));
  }

  /** The port of this machine on which the provider's API is. */
  get apiPort(): number {
    return (this.api.address() as AddressInfo).port;
  }

  /** Runs the doctor without the option for the host's address. */
  async signsUntold(): Promise<readonly string[]> {
    const args = ["-s", this.name, "--json", `--dns-server=${this.sandbox.dns.address}`];
    const child = start(this.sandbox, this.workspace.directory, args);
    return signsOf(reportOf(await ended(child)));
  }

  /** Runs the doctor in a network with split DNS, with the sandbox as the internet. */
  async signsWithin(dnsServer: string, ...args: readonly string[]): Promise<readonly string[]> {
    const own = `--dns-server=${this.sandbox.dns.address}`;
    const all = this.arguments(["--json", ...args]).filter((argument) => argument !== own);
    const child = start(this.sandbox, this.workspace.directory, all, {
      NODE_OPTIONS: `--import=${dnsOfNetwork(dnsServer, this.sandbox.dns.address)}`,
    });
    return signsOf(reportOf(await ended(child)));
  }

  /** Also serves the provider's API at another address of this machine, until the returned function is called. */
  async serveInside(address: string, port: number): Promise<() => void> {
    const server = createHttpsServer(
      await createSelfSigned(this.name).then(secure),
      (_, response) => response.end("{}"),
    );
    server.listen(port, address);
    await once(server, "listening");
    return () => {
      server.closeAllConnections();
      server.close();
    };
  }

  /** Runs the doctor with a clock this many days ahead. */
  async signsIn(days: number, ...args: readonly string[]): Promise<readonly string[]> {
    const environment = { NODE_OPTIONS: `--import=${clockAhead(days)}` };
    const child = start(
      this.sandbox,
      this.workspace.directory,
      this.arguments(["--json", ...args]),
      environment,
    );
    return signsOf(reportOf(await ended(child)));
  }

  /** Runs the doctor in a network with a DNS server of its own, where no other server is reachable. */
  async signsBehind(dnsServer: string): Promise<readonly string[]> {
    const environment = {
      NODE_OPTIONS: `--import=${dnsOfNetwork(dnsServer)}`,
      [dnsServersVariable]: undefined,
    };
    const args = ["-s", this.name, "--json"];
    const child = start(this.sandbox, this.workspace.directory, args, environment);
    return signsOf(reportOf(await ended(child)));
  }

  private arguments(args: readonly string[]): readonly string[] {
    return [
      ...["-s", this.name, `--dns-server=${this.sandbox.dns.address}`],
      `--resolve=${this.host}:8443=127.0.0.1:${this.apiPort}`,
      `--resolve=${this.host}:80=127.0.0.1:${(this.entry.address() as AddressInfo).port}`,
      ...this.roots.map((file) => `--ca=${file}`),
      ...args,
    ];
  }

  async report(...args: readonly string[]): Promise<Report & { readonly status: number }> {
    const report = reportOf(await this.doctor("--json", ...args));
    for (const { command } of report.findings) {
      if (command === null) {
        continue;
      }
      const text = this.withoutNames(command);
      commands.given.add(text);
      if (isReadOnly(command) && !commands.run.has(text)) {
        await this.run(command);
      }
    }
    return report;
  }

  private withoutNames(command: string): string {
    const names = [this.host, this.pod, this.release, this.domain, this.name];
    return (
      names
        .reduce((text, name) => text.replaceAll(name, "x"), command)
        .replace(/^sleep \d+ && /, "")
        .replace(/version=\d+/, "version=1")
        // The items of a list to remove, and their positions, differ each time.
        .replace(/(?<=--type=json -p )'\[.*?\]'/, "x")
    );
  }

  /** The findings above severity info. */
  async problems(...args: readonly string[]): Promise<readonly ReportedFinding[]> {
    const { findings } = await this.report(...args);
    return findings.filter(({ severity }) => severity === "warning" || severity === "error");
  }

  /** Severity and id of all findings, including those of severity info. */
  async signs(...args: readonly string[]): Promise<readonly string[]> {
    return signsOf(await this.report(...args));
  }

  async ids(...args: readonly string[]): Promise<readonly string[]> {
    return (await this.problems(...args)).map(({ id }) => id);
  }

  /** Runs a finding's command, as the reader would. */
  async fix(id: string): Promise<void> {
    const finding = (await this.problems()).find((problem) => problem.id === id);
    assert(finding?.command, id);
    await this.run(finding.command);
  }

  /** Runs a command in the stack's folder, with the tools on its PATH. */
  async run(command: string): Promise<void> {
    // Commands that run one after the other also count as run separately.
    for (const part of [command, ...command.split(" && ")]) {
      commands.run.add(this.withoutNames(part));
    }
    const programs = await ensurePrograms(["helm", "kubectl"], silentReporter);
    const folders = [...programs.values()].map(({ path }) => dirname(path));
    const child = spawn("sh", ["-c", command], {
      cwd: this.workspace.directory,
      env: {
        ...this.sandbox.environment,
        PATH: [this.sandbox.environment.PATH, ...folders].join(":"),
        // Without a change there is nothing to confirm or to skip, and Pulumi refuses the options. A preview would
        // double the time.
        ...(!command.includes("--preview-only") && {
          PULUMI_SKIP_CONFIRMATIONS: "true",
          PULUMI_OPTION_SKIP_PREVIEW: "true",
        }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { status, stdout, stderr } = await ended(child);
    // The doctor's exit code reports its findings.
    const isRight = status === 0 || (command.startsWith("npm run doctor ") && status < 3);
    assert(isRight, `${command}\n${status}\n${stdout}${stderr}`);
  }

  close(): void {
    this.api.closeAllConnections();
    this.api.close();
    this.entry.close();
  }
}

function secure({ certificate, key }: KeyPair) {
  return { cert: certificate, key };
}

/** A unique domain, unless the stack sets one. */
function domainOf({ domain }: StackSettings, name: string): string {
  return typeof domain === "string" ? domain : `${name}.example.test`;
}

export function settingsOf(name: string, more: StackSettings): StackSettings {
  return {
    namespace: name,
    releaseName: `${name}-provider`,
    domain: domainOf(more, name),
    timeout: "60",
    ...more,
  };
}

type Started = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the doctor in a folder. */
export function start(
  sandbox: Sandbox,
  directory: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Started {
  return spawn(process.execPath, [script, ...args], {
    cwd: directory,
    env: { ...sandbox.environment, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The output and exit code of an ended process. */
export async function ended(child: Started): Promise<Ended> {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { stdout, stderr, status };
}

/** The findings of a report, without checks that passed or could not run. */
function signsOf({ findings }: Report): string[] {
  return findings
    .filter(({ command }) => command !== null)
    .map(({ severity, id }) => `${severity} ${id}`);
}

function reportOf({ status, stdout, stderr }: Ended): Report & { readonly status: number } {
  assert(stdout !== "", stderr);
  const report = JSON.parse(stdout) as Report;
  for (const { id, expected, seen, why, command } of report.findings) {
    if (command !== null) {
      provoked.add(id);
      assert(expected && seen && why && command, `${id} lacks information for the reader`);
    }
  }
  return { ...report, status };
}

/**
 * A module that makes the importing process use another DNS server than this machine's.
 *
 * @param server the network's
 * @param internet the server in place of 1.1.1.1. Default: 1.1.1.1 itself
 */
function dnsOfNetwork(server: string, internet = "1.1.1.1"): string {
  const code = `
    import dns from "node:dns/promises";
    import { syncBuiltinESMExports } from "node:module";
    const { Resolver } = dns;
    dns.Resolver = class extends Resolver {
      constructor(options) { super(options); this.setServers([${JSON.stringify(server)}]); }
      setServers(servers) {
        super.setServers(servers.includes("1.1.1.1") ? [${JSON.stringify(internet)}] : servers);
      }
    };
    syncBuiltinESMExports();`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** A module that sets the clock of the importing process ahead. */
function clockAhead(days: number): string {
  const code = `
    const ahead = ${days} * 24 * 60 * 60 * 1000;
    const Clock = Date;
    globalThis.Date = class extends Clock {
      constructor(...args) { args.length === 0 ? super(Clock.now() + ahead) : super(...args); }
      static now() { return Clock.now() + ahead; }
    };`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
