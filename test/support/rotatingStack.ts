import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { V1Secret } from "@kubernetes/client-node";
import { credentialChecksum } from "../../chart/release.ts";
import { proveCloudflareToken } from "../../dns/cloudflare/proof.ts";
import { keyClient } from "../../dns/googleCloud/client.ts";
import { keyFile } from "../../dns/googleCloud/keyFile.ts";
import { proveGoogleCloudKey } from "../../dns/googleCloud/proof.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { homeVolumes } from "../../sandbox/cluster/homeVolumes.ts";
import { issueCertificate, type CertificateReport } from "../../sandbox/cluster/issuer.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { SandboxClouds } from "./clouds.ts";
import { Cluster, isReady } from "./kubernetesObjects.ts";
import { testSandbox } from "./sandbox.ts";
import { Workspace, type CommandResult, type StackSettings } from "./workspace.ts";

const domain = "example.test";
const zone = "example-test";
const project = "sandbox-project";

/** The DNS provider of a rotated credential, and the tests' access to it. */
export interface RotatingCloud {
  readonly cloud: "google" | "cloudflare";
  readonly dns: object;
  /** Name of the credential's resource. */
  readonly resource: string;
  /** The suffix of its Secret's name, and the key in the Secret. */
  readonly secret: readonly [suffix: string, key: string];
  /** The name of the Secret for the wildcard certificate, and the key in the Secret. */
  readonly wildcardSecret: readonly [name: string, key: string];
  /** The calls to the DNS provider in a rotation, in the form of a fault's `match`. */
  readonly calls: {
    readonly make: string;
    /** The proof's call that writes the record. */
    readonly write: string;
    readonly remove: string;
  };
  /** Proves that a credential can answer a challenge. */
  readonly works: (content: string, sandbox: Sandbox) => Promise<void>;
  /** Whether a credential may read the zone, which writes nothing. */
  readonly accepted: (content: string, sandbox: Sandbox) => Promise<boolean>;
}

const target = { domain, host: `provider.${domain}`, timeout: 0 };

export const rotatingGoogle: RotatingCloud = {
  cloud: "google",
  dns: { provider: "googleCloud", project, proofTimeout: 3 },
  resource: "dns-key",
  secret: ["gcp-dns", "service-account.json"],
  wildcardSecret: ["wildcard-gcp-dns", "key.json"],
  calls: {
    make: "^POST .*/keys$",
    write: "^POST .*/changes$",
    remove: "^DELETE .*/keys/",
  },
  works: (content, { clouds }) =>
    proveGoogleCloudKey(content, {
      ...{ ...target, project, zone },
      endpoint: `${clouds.googleUrl}/dns/v1beta2/`,
    }),
  accepted: async (content, { clouds }) => {
    const client = keyClient(keyFile.parse(JSON.parse(content)), [
      "https://www.googleapis.com/auth/ndev.clouddns.readwrite",
    ]);
    const path = `dns/v1/projects/${project}/managedZones/${zone}/rrsets`;
    try {
      await client.request({ url: `${clouds.googleUrl}/${path}`, retry: false });
      return true;
    } catch {
      return false;
    }
  },
};

export const rotatingCloudflare: RotatingCloud = {
  cloud: "cloudflare",
  dns: { provider: "cloudflare", zone: domain, proofTimeout: 3 },
  resource: "dns-token",
  secret: ["cloudflare-dns", "CF_DNS_API_TOKEN"],
  wildcardSecret: ["wildcard-cloudflare-dns", "api-token"],
  calls: {
    make: "^POST .*/user/tokens$",
    write: "^POST .*/dns_records$",
    remove: "^DELETE .*/user/tokens/",
  },
  works: (content, { clouds }) =>
    proveCloudflareToken(content, { ...target, zone: domain, endpoint: clouds.cloudflareUrl }),
  accepted: async (content, { clouds }) => {
    const answer = await fetch(`${clouds.cloudflareUrl}/user/tokens/verify`, {
      headers: { authorization: `Bearer ${content}` },
    });
    return answer.ok;
  },
};

/** The observations during a rotation. */
export interface Watched {
  /** The maximum number of credentials. */
  readonly most: number;
  /** The number of observations. */
  readonly looks: number;
}

/** A stack with a credential of its own, in a namespace of its own. */
export class RotatingStack {
  readonly cloud: RotatingCloud;
  readonly name: string;
  readonly release: string;
  readonly pod: string;
  readonly sandbox: Sandbox;
  readonly cluster: Cluster;
  readonly clouds: SandboxClouds;
  readonly workspace: Workspace;
  /** The pattern of the credential's URN, for `--replace`. */
  readonly pattern: string;
  /** The namespace of the wildcard certificate, if the stack has one: its credential is also observed. */
  wildcardNamespace: string | undefined;
  /** Observed contents of the Secret, by digest. */
  private readonly contents = new Map<string, string>();

  private constructor(cloud: RotatingCloud, sandbox: Sandbox, workspace: Workspace) {
    this.cloud = cloud;
    this.name = workspace.stack;
    this.release = releaseName(this.name);
    this.pod = `${this.release}-0`;
    this.sandbox = sandbox;
    this.cluster = new Cluster(sandbox);
    this.clouds = new SandboxClouds(sandbox);
    this.workspace = workspace;
    this.pattern = `**::${cloud.resource}`;
  }

  /** Deploys a stack, with these settings in addition to the required ones. */
  static async deploy(
    cloud: RotatingCloud,
    name: string,
    more: StackSettings = {},
  ): Promise<RotatingStack> {
    const sandbox = await testSandbox();
    const settings = rotatingSettings(cloud, name, more);
    const workspace = await Workspace.create(sandbox, name, name, settings);
    await workspace.up();
    return new RotatingStack(cloud, sandbox, workspace);
  }

  /**
   * An existing stack.
   *
   * @param workspace its workspace; the namespace has the stack's name, and the release has the suffix `-provider`
   */
  static of(cloud: RotatingCloud, sandbox: Sandbox, workspace: Workspace): RotatingStack {
    return new RotatingStack(cloud, sandbox, workspace);
  }

  /** Writes the settings again, with these in addition to the required ones. */
  configure(more: StackSettings = {}): void {
    this.workspace.configure(rotatingSettings(this.cloud, this.name, more));
  }

  /** Rotates with the command in the stack's output, without a preview like `Workspace.up`. */
  rotate(...more: readonly string[]): Promise<CommandResult> {
    return this.rotatePreviewed("--skip-preview", ...more);
  }

  /** Rotates with the command in the stack's output, in a shell. */
  async rotatePreviewed(...more: readonly string[]): Promise<CommandResult> {
    const { credential } = (await this.workspace.outputs()) as {
      readonly credential: { readonly rotate: string };
    };
    const [, ...args] = credential.rotate.replaceAll("'", "").split(" ");
    return this.workspace.succeed(...args, "--yes", ...more);
  }

  readSecret(): Promise<V1Secret> {
    return this.cluster.core.readNamespacedSecret({
      namespace: this.name,
      name: `${this.release}-${this.cloud.secret[0]}`,
    });
  }

  /** The Secret with the credential for the wildcard certificate. */
  readWildcardSecret(): Promise<V1Secret> {
    return this.cluster.core.readNamespacedSecret({
      namespace: this.wildcardNamespace ?? "",
      name: this.cloud.wildcardSecret[0],
    });
  }

  /** The content of the wildcard's Secret. */
  async wildcardCredential(): Promise<string> {
    return contentOf(await this.readWildcardSecret(), this.cloud.wildcardSecret[1]);
  }

  /** The content of the Secret. */
  async credential(): Promise<string> {
    return contentOf(await this.readSecret(), this.cloud.secret[1]);
  }

  /** The digest of the Secret's content. */
  async secretDigest(): Promise<string | undefined> {
    return inSecret(await this.readSecret()).digest;
  }

  /** The digest of the pod's credential. */
  async podDigest(): Promise<string | undefined> {
    return inPod(await this.cluster.pod(this.name, this.pod));
  }

  /** Names of the TXT records in the zone. */
  async txt(): Promise<readonly string[]> {
    return this.cloud.cloud === "google"
      ? (await this.clouds.google()).txt
      : this.clouds.cloudflareTxt();
  }

  /** Ids of the credentials that exist at the DNS provider. */
  live(): Promise<readonly string[]> {
    return this.clouds.credentials(this.cloud.cloud);
  }

  /** Proves that a credential can answer a challenge. */
  works(content: string): Promise<void> {
    return this.cloud.works(content, this.sandbox);
  }

  /** Obtains the certificate, as a provider without a certificate would. */
  issueAnew(): Promise<CertificateReport> {
    rmSync(homeVolumes(this.sandbox.directory, this.name), { recursive: true, force: true });
    const provider = { namespace: this.name, statefulSet: this.release };
    return issueCertificate(this.sandbox, provider, silentReporter);
  }

  /**
   * Asserts that one credential is left, which works and is in use in the Secret and the pod, and that nothing is
   * left to do.
   */
  async assertFinished(): Promise<void> {
    const secret = await this.readSecret();
    await this.works(contentOf(secret, this.cloud.secret[1]));
    const running = await this.cluster.pod(this.name, this.pod);
    assert(isReady(running), "the pod is not ready");
    const { digest, id } = inSecret(secret);
    assert.equal(inPod(running), digest);
    assert.deepEqual(await this.live(), [id]);
    if (this.wildcardNamespace !== undefined) {
      assert.deepEqual(inSecret(await this.readWildcardSecret()), { digest, id });
      assert.equal(await this.wildcardCredential(), contentOf(secret, this.cloud.secret[1]));
    }
    await this.workspace.succeed("preview", "-s", this.name, "--expect-no-changes");
  }

  /** Asserts that the provider obtains a new certificate with the credential in the Secret. */
  async assertIssues(): Promise<void> {
    const { result, challenge, credential } = await this.issueAnew();
    assert.deepEqual([result, challenge], ["issued", "dns-01"]);
    const { digest, id } = inSecret(await this.readSecret());
    assert(
      credential?.privateKeyId === id ||
        (credential?.sha256 !== undefined && digest?.startsWith(credential.sha256) === true),
      `the certificate was issued with ${JSON.stringify(credential)}, not with ${id}`,
    );
  }

  /**
   * Observes continuously while something runs, and fails as soon as a Secret or the pod has a credential that the
   * DNS provider does not accept, or there are more than two credentials.
   */
  async watched(run: () => Promise<unknown>): Promise<Watched> {
    const seen = { most: 0, looks: 0, running: true };
    const watch = async () => {
      while (seen.running) {
        seen.most = Math.max(seen.most, await this.look());
        seen.looks += 1;
        // Each observation sends requests to the API server and the emulator, on the cores that the rotation needs.
        await delay(150);
      }
    };
    const ended = run().finally(() => {
      seen.running = false;
    });
    // After a failed observation, waits for the run to end.
    const [watching, running] = await Promise.allSettled([watch(), ended]);
    for (const result of [watching, running]) {
      if (result.status === "rejected") {
        throw result.reason;
      }
    }
    return seen;
  }

  /** @returns the number of credentials */
  private async look(): Promise<number> {
    const wildcard = this.wildcardNamespace === undefined ? [] : (["wildcard's Secret"] as const);
    for (const holder of ["Secret", "pod", ...wildcard] as const) {
      const before = await this.held(holder);
      const accepted =
        before === undefined || (await this.cloud.accepted(before.content, this.sandbox));
      // The credential may have been rotated since it was read.
      if (!accepted && (await this.held(holder))?.digest === before.digest) {
        assert.fail(`the ${holder} has the credential ${before.digest}, which is not accepted`);
      }
    }
    const live = await this.live();
    assert(live.length <= 2, `there are ${live.length} credentials`);
    return live.length;
  }

  /** The credential in a Secret or in the pod; undefined if there is no pod. */
  private async held(holder: "Secret" | "pod" | "wildcard's Secret") {
    if (holder === "wildcard's Secret") {
      const secret = await this.readWildcardSecret();
      const { digest = "" } = inSecret(secret);
      return { digest, content: contentOf(secret, this.cloud.wildcardSecret[1]) };
    }
    const secret = await this.readSecret();
    const { digest: current = "" } = inSecret(secret);
    this.contents.set(current, contentOf(secret, this.cloud.secret[1]));
    const digest = holder === "Secret" ? current : await this.podDigest();
    if (digest === undefined) {
      return undefined;
    }
    const content = this.contents.get(digest);
    assert(content !== undefined, `the ${holder} has ${digest}, which the Secret never had`);
    return { digest, content };
  }
}

function releaseName(stack: string): string {
  return `${stack}-provider`;
}

export function rotatingSettings(
  { dns }: RotatingCloud,
  name: string,
  { dns: moreDns, ...more }: StackSettings,
): StackSettings {
  return {
    challenge: "dns-01",
    dns: { ...dns, ...(moreDns as object | undefined) },
    namespace: name,
    releaseName: releaseName(name),
    timeout: "60",
    ...more,
  };
}

function contentOf({ data }: V1Secret, key: string): string {
  return Buffer.from(data?.[key] ?? "", "base64").toString();
}

function inSecret({ metadata }: V1Secret) {
  const annotations = metadata?.annotations ?? {};
  return {
    digest: annotations["akash-provider-letsencrypt/credential-digest"],
    id: annotations["akash-provider-letsencrypt/credential-id"],
  };
}

function inPod(pod: Awaited<ReturnType<Cluster["pod"]>>): string | undefined {
  return pod?.metadata?.annotations?.[credentialChecksum.dnsCredential];
}
