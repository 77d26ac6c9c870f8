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

/** A cloud whose credential is rotated, and how the tests look at it. */
export interface RotatingCloud {
  readonly cloud: "google" | "cloudflare";
  readonly dns: object;
  /** Name of the resource that is the credential. */
  readonly resource: string;
  /** The end of its Secret's name, and the entry in it. */
  readonly secret: readonly [suffix: string, key: string];
  /** The name of the Secret for the wildcard certificate, and the entry in it. */
  readonly wildcardSecret: readonly [name: string, key: string];
  /** The cloud's calls in a rotation, as a fault names them. */
  readonly calls: {
    readonly make: string;
    /** That of the proof which writes the record. */
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

/** What was seen during a rotation. */
export interface Watched {
  /** How many credentials there were at most. */
  readonly most: number;
  /** How often was looked. */
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
  /** The namespace of the wildcard certificate, where the stack has one: its credential is looked at, too. */
  wildcardNamespace: string | undefined;
  /** Contents of the Secret that were seen, by digest. */
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

  /** Deploys one, with these settings beside the necessary ones. */
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
   * One that is there.
   *
   * @param workspace where its namespace has the stack's name, and its release that with `-provider`
   */
  static of(cloud: RotatingCloud, sandbox: Sandbox, workspace: Workspace): RotatingStack {
    return new RotatingStack(cloud, sandbox, workspace);
  }

  /** Writes the settings anew, with these beside the necessary ones. */
  configure(more: StackSettings = {}): void {
    this.workspace.configure(rotatingSettings(this.cloud, this.name, more));
  }

  /** Rotates with the command of the stack's output, without a preview like `Workspace.up`. */
  rotate(...more: readonly string[]): Promise<CommandResult> {
    return this.rotatePreviewed("--skip-preview", ...more);
  }

  /** Rotates with the command of the stack's output, as a shell would take it. */
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

  /** What that holds. */
  async wildcardCredential(): Promise<string> {
    return contentOf(await this.readWildcardSecret(), this.cloud.wildcardSecret[1]);
  }

  /** What the Secret holds. */
  async credential(): Promise<string> {
    return contentOf(await this.readSecret(), this.cloud.secret[1]);
  }

  /** The digest of what the Secret holds. */
  async secretDigest(): Promise<string | undefined> {
    return inSecret(await this.readSecret()).digest;
  }

  /** The digest of what the pod was started with. */
  async podDigest(): Promise<string | undefined> {
    return inPod(await this.cluster.pod(this.name, this.pod));
  }

  /** Names of the TXT records in the zone. */
  async txt(): Promise<readonly string[]> {
    return this.cloud.cloud === "google"
      ? (await this.clouds.google()).txt
      : this.clouds.cloudflareTxt();
  }

  /** Ids of the credentials that exist at the cloud. */
  live(): Promise<readonly string[]> {
    return this.clouds.credentials(this.cloud.cloud);
  }

  /** Proves that a credential can answer a challenge. */
  works(content: string): Promise<void> {
    return this.cloud.works(content, this.sandbox);
  }

  /** Gets the certificate as a provider without one would. */
  issueAnew(): Promise<CertificateReport> {
    rmSync(homeVolumes(this.sandbox.directory, this.name), { recursive: true, force: true });
    const provider = { namespace: this.name, statefulSet: this.release };
    return issueCertificate(this.sandbox, provider, silentReporter);
  }

  /** One credential is left, which works, and which the Secret and the pod have; and nothing is left to do. */
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

  /** Asserts that the provider gets its certificate anew with the credential in the Secret. */
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
   * Looks all the time while something runs, and fails as soon as a Secret or the pod has a credential that the cloud does
   * not accept, or there are more than two.
   */
  async watched(run: () => Promise<unknown>): Promise<Watched> {
    const seen = { most: 0, looks: 0, running: true };
    const watch = async () => {
      while (seen.running) {
        seen.most = Math.max(seen.most, await this.look());
        seen.looks += 1;
        // Each look asks the API server and the cloud, on the cores that the rotation needs.
        await delay(150);
      }
    };
    const ended = run().finally(() => {
      seen.running = false;
    });
    // What runs is not left alone when something was seen.
    const [watching, running] = await Promise.allSettled([watch(), ended]);
    for (const result of [watching, running]) {
      if (result.status === "rejected") {
        throw result.reason;
      }
    }
    return seen;
  }

  /** @returns how many credentials there are */
  private async look(): Promise<number> {
    const wildcard = this.wildcardNamespace === undefined ? [] : (["wildcard's Secret"] as const);
    for (const holder of ["Secret", "pod", ...wildcard] as const) {
      const before = await this.held(holder);
      const accepted =
        before === undefined || (await this.cloud.accepted(before.content, this.sandbox));
      // It may have been rotated since it was read.
      if (!accepted && (await this.held(holder))?.digest === before.digest) {
        assert.fail(`the ${holder} has the credential ${before.digest}, which is not accepted`);
      }
    }
    const live = await this.live();
    assert(live.length <= 2, `there are ${live.length} credentials`);
    return live.length;
  }

  /** The credential that a Secret or the pod has; none while there is no pod. */
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
