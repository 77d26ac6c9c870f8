import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { text } from "node:stream/consumers";
import { AppsV1Api, KubeConfig } from "@kubernetes/client-node";
import { ensurePrograms } from "../../sandbox/builder.ts";
import { createAuthority } from "../../sandbox/certificates.ts";
import type { Sandbox } from "../../sandbox/cluster.ts";
import { homeVolumes, issueCertificate } from "../../sandbox/issuer.ts";
import { silentReporter } from "../../sandbox/progress.ts";
import { waitFor } from "../../sandbox/wait.ts";
import type { Report, ReportedFinding } from "../../doctor/report.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster, isReady } from "../support/cluster.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

/** An address of a documentation network (RFC 5737): public, as far as the doctor can tell. */
const publicAddress = "203.0.113.10";
const script = resolve("doctor/main.ts");

/** A provider that the doctor looks at: its stack, and what stands in for what the sandbox cannot serve. */
class Patient {
  readonly name: string;
  readonly host: string;
  readonly domain: string;
  readonly release: string;
  readonly workspace: Workspace;
  private readonly sandbox: Sandbox;
  private readonly api: TlsServer;
  private readonly entry: HttpServer;
  /** What the cluster's entry answers on port 80. */
  answer = 503;

  private constructor(sandbox: Sandbox, name: string, domain: string, workspace: Workspace) {
    this.sandbox = sandbox;
    this.name = name;
    this.domain = domain;
    this.host = `provider.${this.domain}`;
    this.release = `${name}-provider`;
    this.workspace = workspace;
    this.api = createTlsServer();
    this.entry = createHttpServer((_request, response) => {
      response.writeHead(this.answer).end();
    });
  }

  /** Deploys a stack, gets its certificate, and serves that. */
  static async create(sandbox: Sandbox, name: string, settings: StackSettings): Promise<Patient> {
    const workspace = await Workspace.create(sandbox, name, name, settingsOf(name, settings));
    const patient = new Patient(sandbox, name, domainOf(settings, name), workspace);
    await workspace.up();
    const target = { namespace: name, statefulSet: patient.release };
    const { storageDir } = await issueCertificate(sandbox, target, silentReporter);
    for (const server of [patient.api, patient.entry] as Server[]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    patient.serveIssued(storageDir);
    // Until here the CA has found the host on this machine.
    await patient.dns("add-a", { host: `${patient.host}.`, addresses: [publicAddress] });
    return patient;
  }

  serve(certificate: string, key: string): void {
    this.api.setSecureContext({ cert: certificate, key });
  }

  serveIssued(storageDir: string): void {
    const home = join(homeVolumes(this.sandbox.directory, this.name), this.release);
    const folder = storageDir.startsWith(home)
      ? storageDir
      : join(home, storageDir.slice(storageDir.indexOf(".certissuer")));
    const read = (ending: string) =>
      readFileSync(join(folder, "certificates", `${this.host}.${ending}`), "utf8");
    this.serve(read("crt"), read("key"));
  }

  /** Tells the sandbox's DNS server. */
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
    return start(this.sandbox, this.workspace.directory, [
      ...["-s", this.name, `--dns-server=${this.sandbox.dns.address}`],
      `--resolve=${this.host}:8443=127.0.0.1:${(this.api.address() as AddressInfo).port}`,
      `--resolve=${this.host}:80=127.0.0.1:${(this.entry.address() as AddressInfo).port}`,
      ...args,
    ]);
  }

  async report(...args: readonly string[]): Promise<Report & { readonly status: number }> {
    const { status, stdout, stderr } = await this.doctor("--json", ...args);
    assert(stdout !== "", stderr);
    return { ...(JSON.parse(stdout) as Report), status };
  }

  /** The findings above info. */
  async problems(...args: readonly string[]): Promise<readonly ReportedFinding[]> {
    const { findings } = await this.report(...args);
    return findings.filter(({ severity }) => severity === "warning" || severity === "error");
  }

  async ids(...args: readonly string[]): Promise<readonly string[]> {
    return (await this.problems(...args)).map(({ id }) => id);
  }

  /** Runs the command that a finding gives, as its reader would. */
  async mend(id: string): Promise<void> {
    const finding = (await this.problems()).find((problem) => problem.id === id);
    assert(finding?.command, id);
    const programs = await ensurePrograms(["helm", "kubectl"], silentReporter);
    const folders = [...programs.values()].map(({ path }) => dirname(path));
    const child = spawn("sh", ["-c", finding.command], {
      cwd: this.workspace.directory,
      env: {
        ...this.sandbox.environment,
        PATH: [this.sandbox.environment.PATH, ...folders].join(":"),
        PULUMI_SKIP_CONFIRMATIONS: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { status, stdout, stderr } = await ended(child);
    assert.equal(status, 0, `${finding.command}\n${stdout}${stderr}`);
  }

  close(): void {
    this.api.close();
    this.entry.close();
  }
}

/** A domain of its own, unless the stack says another. */
function domainOf({ domain }: StackSettings, name: string): string {
  return typeof domain === "string" ? domain : `${name}.example.test`;
}

function settingsOf(name: string, more: StackSettings): StackSettings {
  return {
    namespace: name,
    releaseName: `${name}-provider`,
    domain: domainOf(more, name),
    timeout: "60",
    ...more,
  };
}

type Started = ChildProcessByStdio<null, Readable, Readable>;

function start(
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

async function ended(child: Started): Promise<Ended> {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { stdout, stderr, status };
}

const patients: Patient[] = [];

async function admit(
  sandbox: Sandbox,
  name: string,
  settings: StackSettings = {},
): Promise<Patient> {
  const patient = await Patient.create(sandbox, name, settings);
  patients.push(patient);
  return patient;
}

describe("doctor", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
  });

  after(async () => {
    for (const patient of patients) {
      patient.close();
      await patient.dns("clear-a", { host: `${patient.host}.` });
      await patient.workspace.destroy();
    }
  });

  /** Google's API, asked as its operator. */
  async function google<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${sandbox.clouds.googleUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${sandbox.environment.GOOGLE_OAUTH_ACCESS_TOKEN ?? ""}` },
      body: JSON.stringify(body),
    });
    return (await response.json()) as T;
  }

  describe("on a stack with HTTP-01", () => {
    let patient: Patient;

    before(async () => {
      patient = await admit(sandbox, "doctor-http");
    });

    it("finds nothing where all is well", async () => {
      assert.deepEqual(await patient.problems(), []);
      const { status, stdout } = await patient.doctor();
      assert.equal(status, 0);
      assert.match(stdout, /✔ The Helm release is deployed +revision 1, deployed/);
      assert.match(stdout, /✔ Port 80 leads to the provider +503/);
    });

    it("says what it could not look at", async () => {
      const { findings } = await patient.report();
      const log = findings.find(({ id }) => id === "log");
      assert.equal(log?.severity, "info");
      assert.match(log.seen, /the log of .* cannot be read/);
    });

    it("sees a changed and a missing object, and the settings that the pod would start with", async () => {
      const namespace = patient.name;
      const name = `${patient.release}-letsencrypt`;
      const configMap = await cluster.core.readNamespacedConfigMap({ namespace, name });
      await cluster.core.replaceNamespacedConfigMap({
        namespace,
        name,
        body: {
          ...configMap,
          data: { ...configMap.data, AP_CERT_ISSUER_EMAIL: "other@example.test" },
        },
      });
      await cluster.core.deleteNamespacedService({ namespace, name: patient.release });

      const problems = await patient.problems();
      assert.deepEqual(problems.map(({ id, subject }) => [id, subject]).sort(), [
        ["object-changed", `ConfigMap/${name}`],
        ["object-missing", `Service/${patient.release}`],
        ["setting-differs", "AP_CERT_ISSUER_EMAIL"],
      ]);
      const changed = problems.find(({ id }) => id === "object-changed");
      assert.equal(changed?.expected, 'data.AP_CERT_ISSUER_EMAIL "operator@example.test"');
      assert.equal(changed.seen, 'data.AP_CERT_ISSUER_EMAIL "other@example.test"');
      assert.equal((await patient.report()).status, 2);

      await patient.mend("object-changed");
      assert.deepEqual(await patient.ids(), []);
    });

    it("sees that the pod is gone, and that somebody has scaled the provider down", async () => {
      await scale(0);
      const present = () => cluster.pod(patient.name, `${patient.release}-0`);
      await waitFor(async () => (await present()) === undefined, {
        what: "the end of the pod",
        timeout: 60_000,
      });
      const problems = await patient.problems();
      assert.deepEqual(
        problems.map(({ id, seen }) => [id, seen]),
        [
          ["pod-missing", `no pod ${patient.release}-0 in ${patient.name}`],
          ["object-changed", "spec.replicas 0"],
        ],
      );
      await scale(1);
      await waitFor(async () => isReady(await present()), { what: "the pod", timeout: 60_000 });
      assert.deepEqual(await patient.ids(), []);
    });

    async function scale(replicas: number): Promise<void> {
      const config = new KubeConfig();
      config.loadFromFile(sandbox.kubeconfig);
      const apps = config.makeApiClient(AppsV1Api);
      const target = { namespace: patient.name, name: patient.release };
      const current = await apps.readNamespacedStatefulSetScale(target);
      const body = { ...current, spec: { replicas } };
      await apps.replaceNamespacedStatefulSetScale({ ...target, body });
    }

    it("watches until it is interrupted", async () => {
      const child = patient.start("--watch", "--interval=0.1", "--json");
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const next = async () => {
        const { value } = await lines.next();
        return (JSON.parse(String(value)) as Report).findings.map(({ id }) => id);
      };
      assert(!(await next()).includes("port-80-not-routed"));
      patient.answer = 404;
      assert((await next()).includes("port-80-not-routed"));
      child.kill("SIGINT");
      const [status] = (await once(child, "exit")) as [number];
      assert.equal(status, 2);
      patient.answer = 503;
    });

    it("sees a revision that was left pending", async () => {
      const secret = await cluster.markPending(patient.name);
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "release-pending");
      assert.match(problem.seen, /revision 2, pending-upgrade/);
      await cluster.core.deleteNamespacedSecret({ namespace: patient.name, name: secret });
    });

    it("tells apart what answers on port 80", async () => {
      for (const [answer, id, status] of [
        [404, "port-80-not-routed", 2],
        [301, "port-80-redirected", 1],
        [200, "port-80-foreign", 1],
      ] as const) {
        patient.answer = answer;
        const report = await patient.report();
        assert.equal(report.status, status);
        assert(
          report.findings.some((finding) => finding.id === id),
          id,
        );
      }
      patient.answer = 503;
      const closed = `--resolve=${patient.host}:80=127.0.0.1:1`;
      assert.deepEqual(await patient.ids(closed), ["port-80-closed"]);
    });

    it("sees that 8443 is closed, or serves another certificate", async () => {
      const closed = `--resolve=${patient.host}:8443=127.0.0.1:1`;
      assert.deepEqual(await patient.ids(closed), ["port-8443-closed"]);

      const authority = await createAuthority("Another CA");
      const { certificate, key } = await authority.server("other.test", ["other.test"]);
      patient.serve(certificate, key);
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "certificate-name");
      assert.equal(problem.expected, patient.host);
    });

    it("sees what DNS lacks", async () => {
      await patient.dns("add-a", { host: `${patient.host}.`, addresses: ["10.1.2.3"] });
      const ids = await patient.ids();
      assert(ids.includes("host-private"), ids.join());
      await patient.dns("clear-a", { host: `${patient.host}.` });
      await patient.dns("add-a", { host: `${patient.host}.`, addresses: [publicAddress] });
    });

    it("sees CAA records that forbid Let's Encrypt", async () => {
      patient.workspace.configure(settingsOf(patient.name, { acmeDirectory: "staging" }));
      await patient.workspace.up();
      const caa = async (...values: string[]) => {
        const policies = values.map((value) => ({ tag: "issue", value }));
        await patient.dns("add-caa", { host: `${patient.domain}.`, policies });
      };
      await caa("other.test");
      assert((await patient.ids()).includes("caa-forbids"));
      await patient.dns("clear-caa", { host: `${patient.domain}.` });
      await caa("letsencrypt.org; validationmethods=dns-01");
      assert((await patient.ids()).includes("caa-method"));
      await patient.dns("clear-caa", { host: `${patient.domain}.` });
      assert.deepEqual(await patient.ids(), ["certificate-issuer", "certificate-name"]);
    });
  });

  describe("on a stack with DNS-01 through Google Cloud", () => {
    let patient: Patient;

    before(async () => {
      patient = await admit(sandbox, "doctor-google", {
        challenge: "dns-01",
        dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
      });
    });

    it("finds nothing where all is well, and proves the credential when asked", async () => {
      assert.deepEqual(await patient.problems("--prove"), []);
      const { findings } = await patient.report("--prove");
      const credential = findings.find(({ id }) => id === "credential");
      assert.equal(credential?.seen, "a TXT record was written, read back and deleted");
      assert.deepEqual((await clouds.google()).txt, []);
      assert.deepEqual(
        findings.filter(({ group, severity }) => group === "Credential" && severity !== "ok"),
        [],
      );
    });

    it("sees a second key, and a grant on the whole project", async () => {
      const [email = ""] = (await clouds.google()).accounts;
      const made = await google<{ readonly name: string }>(
        `/v1/projects/-/serviceAccounts/${email}/keys`,
        {},
      );
      const member = `serviceAccount:${email}`;
      await google("/v1/projects/sandbox-project:setIamPolicy", {
        policy: { bindings: [{ role: "roles/dns.admin", members: [member] }] },
      });
      assert.deepEqual(await patient.ids(), ["credential-spare", "credential-wide"]);
      await google("/v1/projects/sandbox-project:setIamPolicy", { policy: { bindings: [] } });
      await clouds.revoke("google", made.name.split("/").at(-1) ?? "");
      assert.deepEqual(await patient.ids(), []);
    });

    it("sees an alias of the challenge's name that leads out of the zone", async () => {
      const host = `_acme-challenge.${patient.host}.`;
      await patient.dns("set-cname", { host, target: "elsewhere.other.test." });
      assert.deepEqual(await patient.ids(), ["challenge-delegated-elsewhere"]);
      await patient.dns("clear-cname", { host });
    });

    it("sees a key that is gone", async () => {
      const [id = ""] = Object.values((await clouds.google()).keys).flat();
      await clouds.revoke("google", id);
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "credential-lacking");
      assert.match(problem.seen, /it is deleted or disabled/);
      await patient.mend("credential-lacking");
      assert.deepEqual(await patient.ids("--prove"), []);
    });
  });

  describe("on a stack with DNS-01 through Cloudflare", () => {
    let patient: Patient;

    before(async () => {
      patient = await admit(sandbox, "doctor-cf", {
        challenge: "dns-01",
        dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
        // The sandbox's issuer takes the host's parent for the zone.
        domain: "example.test",
      });
    });

    it("finds nothing where all is well, and proves the credential when asked", async () => {
      assert.deepEqual(await patient.problems("--prove"), []);
      const { findings } = await patient.report("--prove");
      assert.deepEqual(
        findings.filter(({ group, severity }) => group === "Credential" && severity !== "ok"),
        [],
      );
      assert.deepEqual(await clouds.cloudflareTxt(), []);
    });

    it("sees a Secret that somebody has put another token into", async () => {
      const namespace = patient.name;
      const name = `${patient.release}-cloudflare-dns`;
      const secret = await cluster.core.readNamespacedSecret({ namespace, name });
      const replace = async (token: string) => {
        const { metadata } = await cluster.core.readNamespacedSecret({ namespace, name });
        const data = { CF_DNS_API_TOKEN: Buffer.from(token).toString("base64") };
        await cluster.core.replaceNamespacedSecret({
          namespace,
          name,
          body: { ...secret, ...(metadata && { metadata }), data },
        });
      };
      await replace("a".repeat(40));
      assert.deepEqual(await patient.ids(), ["secret-another", "credential-lacking"]);
      await replace("too-short\n");
      assert.deepEqual(await patient.ids(), ["secret-malformed"]);
      await patient.mend("secret-malformed");
      assert.deepEqual(await patient.ids(), []);
    });

    it("shows the credential nowhere", async () => {
      const { data } = await cluster.core.readNamespacedSecret({
        namespace: patient.name,
        name: `${patient.release}-cloudflare-dns`,
      });
      const token = Buffer.from(data?.CF_DNS_API_TOKEN ?? "", "base64").toString();
      const { stdout, stderr } = await patient.doctor("--json", "--prove");
      assert(token.length > 20 && !(stdout + stderr).includes(token));
    });

    it("says in one sentence that there is no such stack, and no cluster", async () => {
      const { directory } = patient.workspace;
      const none = await ended(start(sandbox, directory, ["-s", "nobody"]));
      assert.equal(none.status, 3);
      assert.equal(
        none.stderr,
        "There is no stack nobody. Those that are there: pulumi stack ls\n",
      );

      const kubeconfig = join(directory, "kubeconfig");
      const environment = { KUBECONFIG: kubeconfig };
      const look = () => ended(start(sandbox, directory, ["-s", patient.name], environment));
      const unreadable = await look();
      assert.equal(unreadable.status, 3);
      assert.match(unreadable.stderr, /^The kubeconfig cannot be read \(.*\)\. .*\n$/);
      const present = readFileSync(sandbox.kubeconfig, "utf8");
      writeFileSync(kubeconfig, present.replace(/https:\/\/127.0.0.1:\d+/, "https://127.0.0.1:1"));
      const away = await look();
      assert.equal(away.status, 3);
      assert.match(away.stderr, /^The cluster does not answer \(.*kubectl cluster-info\n$/);
    });
  });
});
