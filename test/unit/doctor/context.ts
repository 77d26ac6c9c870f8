import { podTemplate } from "../../../chart/objects.ts";
import { objectsIn, parseManifest, type KubernetesObject } from "../../../chart/manifest.ts";
import type { Parameters } from "../../../chart/parameters.ts";
import { releaseNames } from "../../../chart/release.ts";
import { repairManifest } from "../../../chart/repairManifest.ts";
import type { Check, Context } from "../../../doctor/check.ts";
import type { Expectation } from "../../../doctor/expectation.ts";
import type { ClusterFacts } from "../../../doctor/facts/clusterFacts.ts";
import type { CloudCredential } from "../../../doctor/facts/credential.ts";
import type { DnsFacts } from "../../../doctor/facts/dns.ts";
import type { Revision } from "../../../doctor/facts/helmRelease.ts";
import { parseLog } from "../../../doctor/facts/podLog.ts";
import type { ServedCertificate, WireFacts } from "../../../doctor/facts/wire.ts";
import type { WildcardExpectation } from "../../../doctor/wildcardExpectation.ts";
import type { WatchedCertificate, WildcardFacts } from "../../../doctor/facts/wildcard.ts";
import type { Finding } from "../../../doctor/finding.ts";
import { digestOf } from "../../../dns/credential.ts";
import { digestOfWallet } from "../../../chart/walletDigest.ts";
import { walletSecretKey } from "../../../chart/release.ts";
import { chartManifest, http01 } from "../../support/manifest.ts";

/** The stack's wallet, in the form of its Secret. */
export const wallet = { [walletSecretKey.key]: "armour", [walletSecretKey.password]: "password" };
const walletDigest = await digestOfWallet("armour", "password");

/** The present of these tests. */
export const now = new Date("2026-11-20T12:00:00Z");
export const day = 24 * 60 * 60 * 1_000;

/** A time, a number of days from the present. */
export function daysFromNow(days: number): Date {
  return new Date(now.getTime() + days * day);
}

/** The changes of a test to a healthy provider. */
export interface Changes {
  readonly expected?: Partial<Expectation>;
  readonly challenge?: Parameters["challenge"];
  readonly revision?: Partial<Revision>;
  /** Further revisions, after the deployed one. */
  readonly later?: readonly Partial<Revision>[];
  readonly cluster?: Partial<ClusterFacts>;
  readonly log?: string;
  readonly dns?: Partial<DnsFacts>;
  readonly wire?: Partial<WireFacts>;
  readonly certificate?: Partial<ServedCertificate>;
  readonly wildcard?: Partial<WildcardFacts>;
  readonly credential?: Partial<CloudCredential>;
  readonly reached?: readonly string[];
  readonly reach?: Context["reach"];
  readonly cloudflareHeaders?: Context["cloudflareHeaders"];
  readonly prove?: boolean;
}

/** A healthy provider with these changes. */
export function context(changes: Changes = {}): Context {
  const { challenge = http01, log = "", prove = false } = changes;
  const expected: Expectation = {
    stack: "prod",
    namespace: "akash-services",
    releaseName: "akash-provider",
    names: releaseNames("akash-provider"),
    timeout: 600,
    revision: 3,
    kubeContext: undefined,
    kubeconfig: undefined,
    host: "provider.example.com",
    domain: "example.com",
    email: "operator@example.com",
    directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
    challenge,
    walletDigest,
    created: undefined,
    wildcard: undefined,
    ...changes.expected,
  };
  const revision: Revision = {
    number: 3,
    status: "deployed",
    description: "Upgrade complete",
    markedAt: daysFromNow(-30),
    chartVersion: "19.0.2",
    manifest: repairManifest(
      chartManifest({ challenge, directoryUrl: expected.directoryUrl, walletDigest }),
    ),
    ...changes.revision,
  };
  const later = (changes.later ?? []).map((more, index) => ({
    ...revision,
    number: revision.number + 1 + index,
    ...more,
  }));
  const objects = objectsIn(parseManifest(revision.manifest));
  return {
    expected,
    cluster: {
      revisions: () => Promise.resolve([revision, ...later]),
      live: ({ kind, metadata }) =>
        Promise.resolve(
          objects.find(
            (object) => object.kind === kind && object.metadata?.name === metadata?.name,
          ),
        ),
      pod: () => Promise.resolve(pod(objects, expected)),
      leftOut: () => Promise.resolve([]),
      remarks: () => Promise.resolve([]),
      log: () => Promise.resolve(parseLog(log)),
      secret: () => Promise.resolve(undefined),
      walletSecret: () => Promise.resolve({ name: expected.names.walletSecret, entries: wallet }),
      certificateOrders: () => Promise.resolve([]),
      onGke: () => Promise.resolve(false),
      serverHost: "192.0.2.1",
      inside: () => Promise.resolve({ pod: false, service: undefined }),
      ...changes.cluster,
    },
    dns: {
      addresses: () => Promise.resolve({ ipv4: ["203.0.113.10"], ipv6: [] }),
      outside: () => Promise.resolve(undefined),
      alias: () => Promise.resolve(undefined),
      caa: () => Promise.resolve([]),
      compare: () => Promise.resolve({ result: "agrees" }),
      ...changes.dns,
    },
    wire: {
      challenge: () => Promise.resolve({ status: 503, location: undefined, body: "" }),
      certificate: () => Promise.resolve({ ...certificate, ...changes.certificate }),
      ...changes.wire,
    },
    wildcard: { ...wildcardFacts, ...changes.wildcard },
    credential: () => Promise.resolve({ ...credential, ...changes.credential }),
    reach: changes.reach ?? (() => Promise.resolve(undefined)),
    cloudflareHeaders: changes.cloudflareHeaders ?? (() => Promise.resolve(undefined)),
    reached: changes.reached ?? [],
    prove,
    now,
  };
}

/** The ids of what a check finds. */
export async function ids(check: Check, changes: Changes = {}): Promise<readonly string[]> {
  return (await findings(check, changes)).map(({ id }) => id);
}

/** What a check finds. */
export async function findings(check: Check, changes: Changes = {}): Promise<readonly Finding[]> {
  return (await check.run(context(changes))).found;
}

/** The pod as the StatefulSet creates it. */
function pod(objects: readonly KubernetesObject[], { names }: Expectation) {
  const template = podTemplate(objects, names);
  return {
    metadata: { name: names.pod, annotations: { ...template?.metadata?.annotations } },
    spec: {
      ...(template?.spec as object as { readonly containers: [] }),
      volumes: [{ name: "home", persistentVolumeClaim: { claimName: `home-${names.pod}` } }],
    },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [
        { name: "provider", ready: true, restartCount: 0, image: "", imageID: "" },
      ],
    },
  };
}

const certificate: ServedCertificate = {
  subject: "CN=provider.example.com",
  issuer: "C=US, O=Let's Encrypt, CN=E7",
  names: ["provider.example.com"],
  matchesHost: true,
  selfSigned: false,
  chain: {
    end: "trusted",
    issuer: "C=US, O=Internet Security Research Group, CN=ISRG Root X1",
    length: 2,
    namesIssuer: true,
    outOfTime: undefined,
  },
  notBefore: daysFromNow(-30),
  notAfter: daysFromNow(60),
  fingerprint: "PROVIDER",
};

/** The expectations of a stack with a wildcard certificate. */
export const wildcard: WildcardExpectation = {
  namespace: "akash-gateway",
  certificate: "wildcard-ingress",
  secretName: "wildcard-ingress-tls",
  dnsNames: ["*.ingress.example.com"],
  issuer: "letsencrypt-prod-0123abcd",
  credential: {
    dnsProvider: "cloudflare",
    name: "wildcard-cloudflare-dns",
    key: "api-token",
    digest: digestOf("token"),
    managedZone: undefined,
  },
};

/** cert-manager's Certificate of such a stack, with this status. */
export function wildcardCertificate(status: WatchedCertificate["status"]): WatchedCertificate {
  const { secretName, dnsNames, issuer } = wildcard;
  return {
    metadata: { generation: 1, creationTimestamp: daysFromNow(-30).toISOString() },
    spec: { secretName, dnsNames, issuerRef: { name: issuer } },
    ...(status && { status }),
  };
}

/** The certificate of the tenants' ingress. */
export const wildcardServedCertificate: ServedCertificate = {
  ...certificate,
  subject: "CN=*.ingress.example.com",
  names: ["*.ingress.example.com"],
  fingerprint: "WILDCARD",
};

const wildcardFacts: WildcardFacts = {
  host: "doctor-01234567.ingress.example.com",
  givenAddress: undefined,
  hasTypes: () => Promise.resolve(true),
  certificate: () =>
    Promise.resolve(
      wildcardCertificate({
        renewalTime: daysFromNow(30).toISOString(),
        conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }],
      }),
    ),
  issuer: () => Promise.resolve({ status: { conditions: [{ type: "Ready", status: "True" }] } }),
  attempt: () => Promise.resolve(undefined),
  secret: () =>
    Promise.resolve({ issuer: wildcard.issuer, certificate: wildcardServedCertificate }),
  credential: () => Promise.resolve({ [wildcard.credential.key]: "token" }),
  served: () => Promise.resolve(wildcardServedCertificate),
};

const credential: CloudCredential = {
  lacks: () => Promise.resolve([]),
  excess: () => Promise.resolve([]),
  life: () => Promise.resolve({ createdAt: daysFromNow(-10).toISOString() }),
  count: () => Promise.resolve({ count: 1, what: "keys" }),
  zone: () => Promise.resolve({ name: "example.com.", nameServers: ["ns1.cloud.test"] }),
  prove: () => Promise.resolve(undefined),
};
