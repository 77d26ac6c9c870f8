import assert from "node:assert/strict";
import type { V1Secret } from "@kubernetes/client-node";
import { ApiextensionsV1Api, AppsV1Api, CustomObjectsApi } from "../../lib/kubernetesClient.ts";
import { acmeApi, certManagerApi } from "../../components/ingressCertificate/certManager.ts";
import type { Context, Group } from "../../doctor/check.ts";
import { checks } from "../../doctor/checks/index.ts";
import { examine } from "../../doctor/examine.ts";
import { expectation, type Expectation } from "../../doctor/expectation.ts";
import { dnsFacts } from "../../doctor/facts/dns.ts";
import { knownRoots } from "../../doctor/facts/knownRoots.ts";
import { wildcardFacts, wildcardOf, type WatchedObject } from "../../doctor/facts/wildcard.ts";
import type { Report, ReportedFinding } from "../../doctor/report.ts";
import type { StateResource } from "../../doctor/stackState.ts";
import { rootOfCertificates } from "../../sandbox/cluster/acme.ts";
import type { KeyPair } from "../../sandbox/cluster/certificates.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { loopback } from "../../sandbox/processes/ports.ts";
import { Cluster } from "./kubernetesObjects.ts";
import { ended, start } from "./examinedProvider.ts";
import { programsPath } from "./programsPath.ts";
import type { Workspace } from "./workspace.ts";

/** The checks of the wildcard certificate. */
export const wildcardChecks = checks.filter(({ group }) => group === "Wildcard certificate");

/** An object of cert-manager, as the tests write it. */
export interface CertManagerObject extends Omit<WatchedObject, "metadata"> {
  readonly metadata?: WatchedObject["metadata"] & { readonly uid?: string };
  readonly spec?: object;
  readonly status?: WatchedObject["status"] & Readonly<Record<string, unknown>>;
}

type Plural = "certificates" | "issuers" | "certificaterequests" | "orders" | "challenges";

/** The name of the failed order that a test creates. */
const forged = "forged";
const forgedKinds = {
  certificaterequests: "CertificateRequest",
  orders: "Order",
  challenges: "Challenge",
} as const;
/** Fields that the types require and nothing reads. */
const spec = {
  request: Buffer.from("none").toString("base64"),
  issuerRef: { name: forged },
  authorizationURL: "https://ca.test/authorization",
  dnsName: "ingress.example.test",
  key: "key",
  solver: {},
  token: "token",
  type: "DNS-01",
  url: "https://ca.test/challenge",
};

/** The wildcard certificate of a stack that the doctor checks. */
export class ExaminedWildcard {
  /** The ids of all findings. */
  readonly provoked = new Set<string>();
  /** The printed commands for the cluster, and those that were run. */
  readonly commands = { given: new Set<string>(), run: new Set<string>() };
  readonly cluster: Cluster;
  private readonly sandbox: Sandbox;
  private readonly workspace: Workspace;
  private readonly namespace: string;
  private readonly custom: CustomObjectsApi;
  private expected: Expectation | undefined;

  private constructor(sandbox: Sandbox, workspace: Workspace, namespace: string) {
    this.sandbox = sandbox;
    this.workspace = workspace;
    this.namespace = namespace;
    this.cluster = new Cluster(sandbox);
    this.custom = this.cluster.config.makeApiClient(CustomObjectsApi);
  }

  /**
   * @param sandbox its sandbox
   * @param workspace of its stack, which is deployed
   * @param namespace of the certificate
   */
  static async of(
    sandbox: Sandbox,
    workspace: Workspace,
    namespace: string,
  ): Promise<ExaminedWildcard> {
    const PATH = await programsPath(["kubectl"], sandbox.environment.PATH);
    return new ExaminedWildcard(sandbox, workspace.withEnvironment({ PATH }), namespace);
  }

  /** The doctor's findings on the certificate and the credential, in a run as by a user. */
  async report(): Promise<readonly ReportedFinding[]> {
    const args = ["-s", this.workspace.stack, "--sandbox", "--json"];
    const { stdout, stderr } = await ended(start(this.sandbox, this.workspace.directory, args));
    assert(stdout !== "", stderr);
    const { findings } = JSON.parse(stdout) as Report;
    const groups: readonly Group[] = ["Credential", "Wildcard certificate"];
    return this.noted(findings.filter(({ group }) => groups.includes(group)));
  }

  /**
   * The findings of the certificate's checks, without the provider's checks and without a process of its own: of
   * the same cluster, DNS and port 443.
   *
   * @param minutes how far to set the clock ahead
   */
  async findings(minutes = 0): Promise<readonly ReportedFinding[]> {
    const { dns, kubeconfig, ports } = this.sandbox;
    this.expected ??= { ...(await this.stateExpects()), kubeconfig };
    const { expected } = this;
    const roots = knownRoots([await rootOfCertificates(this.sandbox)]);
    const inside = () => Promise.resolve({ pod: false, service: undefined });
    const context: Partial<Context> = {
      expected,
      dns: dnsFacts([dns.address]),
      wildcard: wildcardFacts(expected, {
        addressOf: () => Promise.resolve({ address: loopback, port: ports.https }),
        givenAddress: undefined,
        roots,
      }),
      wire: {
        challenge: () => Promise.resolve({ unreachable: "not asked" }),
        certificate: () => Promise.resolve({ unreachable: "not asked" }),
      },
      cluster: { inside } as Partial<Context["cluster"]> as Context["cluster"],
      reached: [loopback],
      now: new Date(Date.now() + minutes * 60_000),
    };
    const { findings } = await examine(wildcardChecks, context as Context);
    return this.noted(findings);
  }

  /** Severity and id of these findings, without checks that passed or could not run. */
  async signs(minutes = 0): Promise<readonly string[]> {
    return signsOf(await this.findings(minutes));
  }

  /** Runs a finding's command, as the reader would. */
  async run(command: string | null | undefined): Promise<string> {
    assert(command);
    this.commands.run.add(command);
    const unasked = "export PULUMI_SKIP_CONFIRMATIONS=true PULUMI_OPTION_SKIP_PREVIEW=true; ";
    const { status, output } = await this.workspace.shell(unasked + command);
    assert.equal(status, 0, `${command}\n${output}`);
    return output;
  }

  private async stateExpects(): Promise<Expectation> {
    const { stdout } = await this.workspace.succeed("stack", "export", "-s", this.workspace.stack);
    const { deployment } = JSON.parse(stdout) as {
      readonly deployment: { readonly resources: readonly Partial<StateResource>[] };
    };
    const resources = deployment.resources.map(({ type = "", inputs = {}, outputs = {} }) => ({
      ...{ type, inputs, outputs },
    }));
    return expectation(this.workspace.stack, resources);
  }

  /** Runs the read-only commands, once for each object. */
  private async noted(findings: readonly ReportedFinding[]): Promise<readonly ReportedFinding[]> {
    for (const { id, command, expected, seen, why } of findings) {
      if (command === null) {
        continue;
      }
      this.provoked.add(id);
      assert(expected && seen && why, `${id} lacks information for the reader`);
      if (command.startsWith("kubectl ")) {
        this.commands.given.add(command);
        if (/ (?:describe|get) /.test(command) && !this.commands.run.has(command)) {
          await this.run(command);
        }
      }
    }
    return findings;
  }

  /** The names of the Certificate, its Issuer and its Secrets. */
  async names() {
    this.expected ??= { ...(await this.stateExpects()), kubeconfig: this.sandbox.kubeconfig };
    return wildcardOf(this.expected);
  }

  private target(plural: Plural, name: string) {
    const api = plural === "orders" || plural === "challenges" ? acmeApi : certManagerApi;
    return { ...api, plural, namespace: this.namespace, name };
  }

  async read(plural: Plural, name: string): Promise<CertManagerObject> {
    return (await this.custom.getNamespacedCustomObject(
      this.target(plural, name),
    )) as CertManagerObject;
  }

  /** Changes an object without the stack. */
  async edit(plural: Plural, name: string, spec: object): Promise<void> {
    const live = await this.read(plural, name);
    const body = { ...live, spec: { ...live.spec, ...spec } };
    await this.custom.replaceNamespacedCustomObject({ ...this.target(plural, name), body });
  }

  /** Sets the status of an object, which otherwise only its controller does. */
  async say(plural: Plural, name: string, status: CertManagerObject["status"]): Promise<void> {
    const body = { ...(await this.read(plural, name)), status };
    await this.custom.replaceNamespacedCustomObjectStatus({ ...this.target(plural, name), body });
  }

  async remove(plural: Plural, name: string): Promise<void> {
    await this.custom.deleteNamespacedCustomObject(this.target(plural, name));
  }

  /** Creates the latest order, with challenges that have these reasons. */
  async forgeOrder(reasons: readonly string[]): Promise<void> {
    const { certificate } = await this.names();
    const owner = (await this.read("certificates", certificate)).metadata?.uid;
    const request = await this.forge("certificaterequests", forged, {
      ...{ kind: "Certificate", name: certificate, uid: owner },
    });
    const order = await this.forge("orders", forged, {
      ...{ kind: "CertificateRequest", name: forged, uid: request },
    });
    for (const [index, reason] of reasons.entries()) {
      const name = `${forged}-${index}`;
      await this.forge("challenges", name, { kind: "Order", name: forged, uid: order });
      await this.say("challenges", name, { state: "pending", reason });
    }
  }

  /** @returns its uid; without an owner, dependent objects would be treated as leftovers */
  private async forge(
    plural: keyof typeof forgedKinds,
    name: string,
    owner: { readonly kind: string; readonly name: string; readonly uid: string | undefined },
  ): Promise<string | undefined> {
    const { name: _, ...target } = this.target(plural, name);
    const ofOwner = owner.kind === "Order" ? acmeApi : certManagerApi;
    const apiVersion = `${ofOwner.group}/${ofOwner.version}`;
    const made = (await this.custom.createNamespacedCustomObject({
      ...target,
      body: {
        apiVersion: `${target.group}/${target.version}`,
        kind: forgedKinds[plural],
        metadata: { name, ownerReferences: [{ apiVersion, ...owner }] },
        spec,
      },
    })) as CertManagerObject;
    return made.metadata?.uid;
  }

  /** Deletes it again, dependent objects first. */
  async removeForged(challenges: number): Promise<void> {
    for (let index = 0; index < challenges; index += 1) {
      await this.remove("challenges", `${forged}-${index}`);
    }
    await this.remove("orders", forged);
    await this.remove("certificaterequests", forged);
  }

  readSecret(name: string): Promise<V1Secret> {
    return this.cluster.core.readNamespacedSecret({ namespace: this.namespace, name });
  }

  async removeSecret(name: string): Promise<void> {
    await this.cluster.core.deleteNamespacedSecret({ namespace: this.namespace, name });
  }

  /** Restores a Secret. */
  async restoreSecret({ metadata, ...secret }: V1Secret): Promise<void> {
    const { name = "", annotations = {}, labels = {} } = metadata ?? {};
    const body = { ...secret, metadata: { name, annotations, labels } };
    await this.cluster.core.createNamespacedSecret({ namespace: this.namespace, body });
  }

  /** Writes content to a Secret without the stack. */
  async fill(secret: V1Secret, content: Readonly<Record<string, string>>): Promise<void> {
    const name = secret.metadata?.name ?? "";
    const live = await this.readSecret(name);
    const data = Object.fromEntries(
      Object.entries(content).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    );
    const body = { ...live, data: { ...live.data, ...data } };
    await this.cluster.core.replaceNamespacedSecret({ namespace: this.namespace, name, body });
  }

  /** Writes a certificate to the Secret that the Gateway reads. */
  fillCertificate(secret: V1Secret, { certificate, key }: KeyPair): Promise<void> {
    return this.fill(secret, { "tls.crt": certificate, "tls.key": key });
  }

  /** Makes the sandbox's Gateway serve tenants' hosts with the certificate in a Secret. */
  async serve(namespace: string, name: string): Promise<void> {
    const target = {
      ...{ group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" },
      ...{ namespace: "akash-gateway", name: "akash-gateway" },
    };
    const live = (await this.custom.getNamespacedCustomObject(target)) as {
      readonly spec: { readonly listeners: readonly { readonly name: string; tls?: object }[] };
    };
    const listeners = live.spec.listeners.map((listener) =>
      listener.name === "https-wildcard"
        ? { ...listener, tls: { ...listener.tls, certificateRefs: [{ namespace, name }] } }
        : listener,
    );
    const body = { ...live, spec: { ...live.spec, listeners } };
    await this.custom.replaceNamespacedCustomObject({ ...target, body });
  }

  /** Creates the Gateway's Deployment of Akash's guide, without a pod. */
  async makeGatewayProxy(): Promise<void> {
    const [namespace, name] = ["nginx-gateway", "nginx-gateway-fabric"];
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name, image: name }] } };
    await this.cluster.core.createNamespace({ body: { metadata: { name: namespace } } });
    await this.cluster.config.makeApiClient(AppsV1Api).createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name },
        spec: { replicas: 0, selector: { matchLabels: labels }, template },
      },
    });
  }

  /** Sets the address to which every name resolves in DNS, or none. */
  async dnsDefault(ip: string): Promise<void> {
    const url = `${this.sandbox.dns.managementUrl}/set-default-ipv4`;
    const { ok } = await fetch(url, { method: "POST", body: JSON.stringify({ ip }) });
    assert(ok);
  }

  /** Makes the API server serve Certificates, or not. */
  async serveType(served: boolean): Promise<void> {
    const api = this.cluster.config.makeApiClient(ApiextensionsV1Api);
    const name = "certificates.cert-manager.io";
    const live = await api.readCustomResourceDefinition({ name });
    const versions = live.spec.versions.map((version) => ({ ...version, served }));
    const body = { ...live, spec: { ...live.spec, versions } };
    await api.replaceCustomResourceDefinition({ name, body });
  }
}

/** Severity and id of findings, without checks that passed or could not run. */
export function signsOf(findings: readonly ReportedFinding[]): readonly string[] {
  return findings
    .filter(({ command }) => command !== null)
    .map(({ severity, id }) => `${severity} ${id}`);
}
