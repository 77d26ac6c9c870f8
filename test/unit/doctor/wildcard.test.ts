import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { addresses } from "../../../doctor/checks/addresses.ts";
import { checks } from "../../../doctor/checks/index.ts";
import { wildcardSecret } from "../../../doctor/checks/wildcard/certificate.ts";
import { wildcardCredential } from "../../../doctor/checks/wildcard/credential.ts";
import { wildcardDns } from "../../../doctor/checks/wildcard/dns.ts";
import { wildcardIssuer } from "../../../doctor/checks/wildcard/issuer.ts";
import { wildcardOrder } from "../../../doctor/checks/wildcard/order.ts";
import { explainOrder, orderErrors } from "../../../doctor/checks/wildcard/orderErrors.ts";
import { wildcardServed } from "../../../doctor/checks/wildcard/served.ts";
import { knownRoots } from "../../../doctor/facts/knownRoots.ts";
import type { AttemptStep, OrderAttempt } from "../../../doctor/facts/orderAttempt.ts";
import { latestAttempt } from "../../../doctor/facts/orderAttempt.ts";
import {
  wildcardFacts,
  type WatchedCertificate,
  type WatchedCondition,
  type WildcardFacts,
} from "../../../doctor/facts/wildcard.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import { wildcardExpectation } from "../../../doctor/wildcardExpectation.ts";
import { digestOf } from "../../../dns/credential.ts";
import { createAuthority } from "../../../sandbox/cluster/certificates.ts";
import { orderErrorWords } from "../../support/orderErrorWords.ts";
import { cloudflareDns01 } from "../../support/manifest.ts";
import {
  context,
  daysFromNow,
  findings,
  ids as idsOf,
  now,
  wildcard,
  wildcardCertificate,
  wildcardServedCertificate,
  type Changes,
} from "./context.ts";

const own = [
  wildcardIssuer,
  wildcardOrder,
  wildcardSecret,
  wildcardCredential,
  wildcardDns,
  wildcardServed,
];

/** A stack with a healthy wildcard certificate, except for these facts. */
function stack(facts: Partial<WildcardFacts> = {}, changes: Changes = {}): Changes {
  return { ...changes, expected: { wildcard, ...changes.expected }, wildcard: facts };
}

function ids(
  check: (typeof own)[number],
  facts: Partial<WildcardFacts> = {},
  changes: Changes = {},
): Promise<readonly string[]> {
  return idsOf(check, stack(facts, changes));
}

const give =
  <T>(value: T) =>
  () =>
    Promise.resolve(value);
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

/** A Certificate that cert-manager orders again. */
function issuing(status: "True" | "False", more: WatchedCertificate["status"] = {}) {
  const conditions: readonly WatchedCondition[] = [
    { type: "Ready", status: "False", observedGeneration: 1, message: "no certificate yet" },
    { type: "Issuing", status, message: "Issuing certificate as Secret does not exist" },
  ];
  return give(wildcardCertificate({ conditions, ...more }));
}

function step(reason: string, minutes = 1): AttemptStep {
  return { name: "x", state: "pending", reason, createdAt: minutesAgo(minutes) };
}

function attempt(reasons: readonly string[], minutes = 1): OrderAttempt {
  return {
    request: step("Waiting on certificate issuance from order", minutes),
    order: step("", minutes),
    challenges: reasons.map((reason) => step(reason, minutes)),
  };
}

describe("doctor, the wildcard certificate", () => {
  for (const check of own) {
    it(`reports nothing for ${check.id} if all is well`, async () => {
      assert.deepEqual(await findings(check, stack()), []);
    });
    it(`does not apply ${check.id} if the stack has none`, () => {
      assert.equal(check.applies?.(context().expected), false);
    });
  }

  it("has all of its checks in one group", () => {
    assert.deepEqual(
      checks.filter(({ group }) => group === "Wildcard certificate"),
      own,
    );
  });

  it("reports its expiry and its renewal time", async () => {
    const { seen, times } = await wildcardSecret.run(context(stack()));
    assert.equal(
      seen,
      `valid until ${daysFromNow(60).toISOString()}, renewed from ${daysFromNow(30).toISOString()} on`,
    );
    assert.deepEqual(times, { wildcardExpiry: daysFromNow(60), wildcardRenewal: daysFromNow(30) });
  });

  describe("the Issuer", () => {
    const issuer = (status: string, since: Date) =>
      give({
        status: {
          conditions: [
            {
              type: "Ready",
              status,
              message: "Failed to register ACME account: no such host",
              lastTransitionTime: since.toISOString(),
            },
          ],
        },
      });

    it("is missing, or has no account at the CA", async () => {
      const facts = { issuer: give(undefined) };
      assert.deepEqual(await ids(wildcardIssuer, facts), ["wildcard-issuer-missing"]);
      const [finding] = await findings(
        wildcardIssuer,
        stack({ issuer: issuer("False", minutesAgo(5)) }),
      );
      assert.equal(finding?.id, "wildcard-issuer-not-ready");
      assert.match(finding.seen, /no such host/);
      assert.equal(
        finding.command,
        "kubectl -n akash-gateway describe issuers.cert-manager.io letsencrypt-prod-0123abcd",
      );
    });

    it("is not reported while it is new, nor if the cluster has no such types", async () => {
      for (const facts of [
        { issuer: issuer("False", minutesAgo(1)) },
        { issuer: give({ metadata: { creationTimestamp: minutesAgo(1).toISOString() } }) },
        { issuer: give(undefined), hasTypes: give(false) },
      ]) {
        await assert.rejects(ids(wildcardIssuer, facts), NotAvailable);
      }
    });
  });

  describe("the order", () => {
    it("is for a Certificate that is missing, or whose types are", async () => {
      const certificate = give(undefined);
      assert.deepEqual(await ids(wildcardOrder, { certificate }), ["wildcard-certificate-missing"]);
      const [finding] = await findings(
        wildcardOrder,
        stack({ certificate, hasTypes: give(false) }, { expected: { kubeContext: "prod" } }),
      );
      assert.equal(finding?.id, "wildcard-types-missing");
      assert.match(finding.command ?? "", /^helm --kube-context prod -n cert-manager upgrade /);
      assert.match(
        finding.command ?? "",
        / && pulumi refresh -s prod --run-program && .*up -s prod$/,
      );
    });

    it("is for a Certificate that was changed", async () => {
      const { spec, ...rest } = wildcardCertificate({});
      const [finding] = await findings(
        wildcardOrder,
        stack({
          certificate: give({
            ...rest,
            spec: { ...spec, dnsNames: ["*.example.com"], issuerRef: { name: "other" } },
          }),
        }),
      );
      assert.equal(finding?.id, "wildcard-certificate-changed");
      assert.equal(
        finding.expected,
        "spec.dnsNames *.ingress.example.com\nspec.issuerRef.name letsencrypt-prod-0123abcd",
      );
      assert.equal(finding.seen, "spec.dnsNames *.example.com\nspec.issuerRef.name other");
    });

    it("is for a Certificate that refers to an issuer of another kind or group", async () => {
      const { spec, ...rest } = wildcardCertificate({
        conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }],
      });
      const of = (issuerRef: object) =>
        findings(
          wildcardOrder,
          stack({
            certificate: give({
              ...rest,
              spec: { ...spec, issuerRef: { ...spec?.issuerRef, ...issuerRef } },
            }),
          }),
        );
      for (const own of [{}, { kind: "Issuer", group: "cert-manager.io" }]) {
        assert.deepEqual(await of(own), []);
      }
      const [finding] = await of({ kind: "ClusterIssuer", group: "example.test" });
      assert.equal(finding?.id, "wildcard-certificate-changed");
      assert.equal(
        finding.expected,
        "spec.issuerRef.kind Issuer\nspec.issuerRef.group cert-manager.io",
      );
      assert.equal(
        finding.seen,
        "spec.issuerRef.kind ClusterIssuer\nspec.issuerRef.group example.test",
      );
    });

    it("has the names of the Certificate in any order", async () => {
      const names = ["*.ingress.example.com", "*.example.com"];
      const { spec, ...rest } = wildcardCertificate({
        conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }],
      });
      const certificate = give({ ...rest, spec: { ...spec, dnsNames: names.toReversed() } });
      const expected = { wildcard: { ...wildcard, dnsNames: names } };
      assert.deepEqual(await ids(wildcardOrder, { certificate }, { expected }), []);
    });

    it("is not started if cert-manager is not running, or has only just been notified", async () => {
      const of = (time: Date, generation = 1) => {
        const { metadata, ...rest } = wildcardCertificate(
          generation === 1
            ? undefined
            : { conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }] },
        );
        const managedFields = [
          { time: time.toISOString() },
          { time: now.toISOString(), subresource: "status" },
        ];
        return {
          certificate: give({ ...rest, metadata: { ...metadata, generation, managedFields } }),
        };
      };
      assert.deepEqual(await ids(wildcardOrder, of(minutesAgo(6))), ["wildcard-unattended"]);
      assert.deepEqual(await ids(wildcardOrder, of(minutesAgo(6), 2)), ["wildcard-unattended"]);
      assert.deepEqual(await ids(wildcardOrder, of(minutesAgo(1), 2)), ["wildcard-ordering"]);
    });

    it("takes a while without an error, and then too long", async () => {
      const waiting =
        'Waiting for DNS-01 challenge propagation: DNS record for "x" not yet propagated';
      for (const [reasons, minutes, id] of [
        [[], 1, "wildcard-ordering"],
        [[waiting], 1, "wildcard-ordering"],
        [[], 11, "wildcard-order-slow"],
        [["something else"], 11, "wildcard-order-slow"],
        [[waiting], 11, "wildcard-order-propagation"],
      ] as const) {
        const facts = { certificate: issuing("True"), attempt: give(attempt(reasons, minutes)) };
        assert.deepEqual(await ids(wildcardOrder, facts), [id], reasons.join());
      }
    });

    it("shows cert-manager's last message if its details cannot be read", async () => {
      const [finding] = await findings(
        wildcardOrder,
        stack({
          certificate: issuing("True"),
          attempt: () => Promise.reject(new NotAvailable("403")),
        }),
      );
      assert.equal(finding?.id, "wildcard-ordering");
      assert.equal(finding.seen, "Issuing certificate as Secret does not exist");
    });

    it("has failed for a reason that is reported, each once", async () => {
      const failed = { lastFailureTime: minutesAgo(20).toISOString() };
      const certificate = issuing("False", failed);
      const facts = (reasons: readonly string[]) => ({
        certificate,
        attempt: give(attempt(reasons, 25)),
      });
      const [unknown] = await findings(wildcardOrder, stack(facts(["of no known kind"])));
      assert.equal(unknown?.id, "wildcard-order-failed");
      assert.equal(unknown.seen, `since ${failed.lastFailureTime}: Challenge x: of no known kind`);
      const refused = orderErrorWords["wildcard-order-refused"] ?? [];
      const found = await findings(wildcardOrder, stack(facts([...refused, ...refused])));
      assert.deepEqual(
        found.map(({ id, subject }) => [id, subject]),
        [["wildcard-order-refused", "Challenge/x"]],
      );
      assert.equal(
        found[0]?.command,
        `pulumi config set -s prod --path --secret dns.apiToken && pulumi up -s prod && kubectl -n akash-gateway patch certificates.cert-manager.io wildcard-ingress --subresource=status --type=merge -p '{"status":{"lastFailureTime":null}}'`,
      );
    });

    it("is fixed by a rotation of the credential that the stack has created", async () => {
      const created = {
        id: "1",
        owner: "dns",
        accountId: undefined,
        createdAt: undefined,
        expiresAt: undefined,
        rotateBy: undefined,
        wholeProject: false,
      };
      for (const [dnsProvider, resource] of [
        ["googleCloud", "dns-key"],
        ["cloudflare", "dns-token"],
      ] as const) {
        const credential = { ...wildcard.credential, dnsProvider };
        const [finding] = await findings(
          wildcardOrder,
          stack(
            {
              certificate: issuing("True"),
              attempt: give(attempt(orderErrorWords["wildcard-order-refused"] ?? [])),
            },
            { expected: { created, wildcard: { ...wildcard, credential } } },
          ),
        );
        assert.equal(finding?.command, `pulumi up -s prod --replace '**::${resource}'`);
      }
    });

    for (const { id } of orderErrors) {
      it(`is explained by the messages for ${id}`, () => {
        const words = orderErrorWords[id] ?? [];
        assert(words.length > 0);
        for (const text of words) {
          assert.equal(explainOrder(text)?.id, id, text);
        }
      });
    }

    it("is the latest one of the Certificate", () => {
      const object = (
        name: string,
        owner: readonly [string, string],
        minutes: number,
        more = {},
      ) => ({
        metadata: {
          name,
          creationTimestamp: minutesAgo(minutes).toISOString(),
          ownerReferences: [{ kind: owner[0], name: owner[1] }],
        },
        ...more,
      });
      const lists = {
        requests: {
          items: [
            object("old", ["Certificate", "wildcard-ingress"], 30),
            object("new", ["Certificate", "wildcard-ingress"], 5, {
              status: { conditions: [{ type: "Ready", message: "Waiting" }] },
            }),
            object("others", ["Certificate", "other"], 1),
          ],
        },
        orders: {
          items: [
            object("old-1", ["CertificateRequest", "old"], 30),
            object("new-1", ["CertificateRequest", "new"], 5, { status: { state: "pending" } }),
          ],
        },
        challenges: {
          items: [
            object("new-1-1", ["Order", "new-1"], 4, { status: { reason: "why" } }),
            object("old-1-1", ["Order", "old-1"], 29),
          ],
        },
      };
      const found = latestAttempt("wildcard-ingress", lists);
      assert.deepEqual(
        [found?.request.reason, found?.order?.state, found?.challenges.map(({ reason }) => reason)],
        ["Waiting", "pending", ["why"]],
      );
      assert.equal(latestAttempt("none", lists), undefined);
    });

    it("was denied, with the approver's reason and the command that shows it", async () => {
      const deniedMessage = "The CertificateRequest was denied by an approval controller";
      const request = (status: string) => ({
        metadata: {
          name: "x",
          creationTimestamp: minutesAgo(5).toISOString(),
          ownerReferences: [{ kind: "Certificate", name: "wildcard-ingress" }],
        },
        status: {
          conditions: [
            { type: "Denied", status, message: "No policy approved this request" },
            { type: "Ready", status: "False", message: deniedMessage },
          ],
        },
      });
      const attemptOf = (status: string) =>
        latestAttempt("wildcard-ingress", {
          requests: { items: [request(status)] },
          orders: { items: [] },
          challenges: { items: [] },
        });
      assert.equal(attemptOf("False")?.request.reason, deniedMessage);
      const [finding, ...others] = await findings(
        wildcardOrder,
        stack({
          certificate: issuing("False", { lastFailureTime: minutesAgo(5).toISOString() }),
          attempt: give(attemptOf("True")),
        }),
      );
      assert.deepEqual(others, []);
      assert.equal(finding?.id, "wildcard-order-denied");
      assert.equal(finding.seen, `${deniedMessage}: No policy approved this request`);
      assert.equal(
        finding.command,
        "kubectl -n akash-gateway describe certificaterequests.cert-manager.io",
      );
    });

    it("is fixed by no rotation if the clock or DNS is wrong", async () => {
      for (const [id, command] of [
        [
          "wildcard-order-clock",
          "kubectl get pods -A -l app.kubernetes.io/instance=cert-manager -o wide",
        ],
        ["wildcard-order-dns", "dig example.com NS +trace"],
        ["wildcard-order-cname-loop", "dig _acme-challenge.ingress.example.com CNAME"],
      ] as const) {
        const [finding] = await findings(
          wildcardOrder,
          stack({
            certificate: issuing("True"),
            attempt: give(attempt(orderErrorWords[id] ?? [])),
          }),
        );
        assert.equal(finding?.id, id);
        assert.equal(finding.command, command);
      }
    });

    it("is not disturbed by a webhook that does not respond for a moment", async () => {
      const [text = ""] = orderErrorWords["wildcard-order-webhook"] ?? [];
      for (const [minutes, id] of [
        [1, "wildcard-ordering"],
        [11, "wildcard-order-webhook"],
      ] as const) {
        const facts = { certificate: issuing("True"), attempt: give(attempt([text], minutes)) };
        assert.deepEqual(await ids(wildcardOrder, facts), [id]);
      }
    });
  });

  describe("the Secret", () => {
    const held = (
      certificate: Partial<typeof wildcardServedCertificate>,
      issuer = wildcard.issuer,
    ) => give({ issuer, certificate: { ...wildcardServedCertificate, ...certificate } });

    it("is missing or empty, unless the certificate is being ordered", async () => {
      for (const secret of [give(undefined), give({ issuer: undefined, certificate: undefined })]) {
        assert.deepEqual(await ids(wildcardSecret, { secret }), ["wildcard-secret-missing"]);
        await assert.rejects(
          ids(wildcardSecret, { secret, certificate: issuing("True") }),
          NotAvailable,
        );
      }
    });

    it("is filled by the Certificate, which is created first if it is missing", async () => {
      const secret = held({ notAfter: daysFromNow(-1) }, "other");
      for (const facts of [{ secret: give(undefined) }, { secret }]) {
        const found = await findings(
          wildcardSecret,
          stack({ ...facts, certificate: give(undefined) }),
        );
        assert(found.length > 0);
        for (const { command } of found) {
          assert.match(command ?? "", /^pulumi refresh -s prod --run-program && /);
        }
      }
    });

    it("contains another certificate, unless the right one is being ordered", async () => {
      for (const secret of [held({ names: ["*.example.com"] }), held({}, "other")]) {
        assert.deepEqual(await ids(wildcardSecret, { secret }), ["wildcard-secret-another"]);
        assert.deepEqual(await ids(wildcardSecret, { secret, certificate: issuing("True") }), []);
      }
    });

    it("contains a certificate that has expired, or should have been renewed", async () => {
      const secret = held({ notAfter: daysFromNow(-1) });
      assert.deepEqual(await ids(wildcardSecret, { secret }), ["wildcard-expired"]);
      const renewal = (hours: number) => ({
        certificate: give(
          wildcardCertificate({
            renewalTime: minutesAgo(hours * 60).toISOString(),
            conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }],
          }),
        ),
      });
      assert.deepEqual(await ids(wildcardSecret, renewal(3)), ["wildcard-renewal-overdue"]);
      assert.deepEqual(await ids(wildcardSecret, renewal(1)), []);
    });
  });

  describe("the credential", () => {
    it("is missing, or differs from the stack's", async () => {
      for (const [entries, id] of [
        [undefined, "wildcard-credential-missing"],
        [{ other: "token" }, "wildcard-credential-missing"],
        [{ "api-token": "another" }, "wildcard-credential-another"],
      ] as const) {
        assert.deepEqual(await ids(wildcardCredential, { credential: give(entries) }), [id]);
      }
    });

    it("is the provider's, if it has one", async () => {
      const challenge = { ...cloudflareDns01, credentialDigest: digestOf("rotated") };
      assert.deepEqual(await ids(wildcardCredential, {}, { challenge }), [
        "wildcard-credential-another",
      ]);
      const credential = give({ "api-token": "rotated" });
      assert.deepEqual(await ids(wildcardCredential, { credential }, { challenge }), []);
    });

    it("cannot be compared if the state does not contain its digest", async () => {
      const credential = { ...wildcard.credential, digest: undefined };
      const expected = { wildcard: { ...wildcard, credential } };
      await assert.rejects(ids(wildcardCredential, {}, { expected }), NotAvailable);
    });
  });

  describe("DNS", () => {
    const dns = (ipv4: readonly string[]) => ({ dns: { addresses: give({ ipv4, ipv6: [] }) } });

    it("has no address for tenants' hosts, or one that the internet cannot reach", async () => {
      assert.deepEqual(await ids(wildcardDns, {}, dns([])), ["wildcard-dns-missing"]);
      const changes = dns(["203.0.113.10", "10.1.2.3"]);
      const found = await findings(wildcardDns, stack({}, changes));
      assert.deepEqual(
        found.map(({ id, subject }) => [id, subject]),
        [["wildcard-dns-private", "10.1.2.3"]],
      );
      assert.deepEqual(await ids(wildcardDns, { givenAddress: "10.1.2.3" }, changes), []);
    });

    it("is queried for them once", async () => {
      assert.deepEqual(await idsOf(addresses, stack({}, dns([]))), ["host-missing"]);
      assert.deepEqual(await idsOf(addresses, dns([])), ["host-missing", "ingress-missing"]);
    });
  });

  describe("port 443", () => {
    const unreachable = give({ unreachable: "refused" });

    it("does not respond, unless no port is reachable from here", async () => {
      assert.deepEqual(await ids(wildcardServed, { served: unreachable }), ["port-443-closed"]);
      const blind = {
        wire: { certificate: unreachable },
        cluster: { inside: give({ pod: true, service: undefined }) },
      };
      await assert.rejects(ids(wildcardServed, { served: unreachable }, blind), NotAvailable);
      const told = { served: unreachable, givenAddress: "192.0.2.1" };
      assert.deepEqual(await ids(wildcardServed, told, blind), ["port-443-closed"]);
      const nowhere = { dns: { addresses: give({ ipv4: [], ipv6: [] }) } };
      await assert.rejects(ids(wildcardServed, { served: unreachable }, nowhere), NotAvailable);
    });

    it("serves a certificate other than the Secret's", async () => {
      const other = { ...wildcardServedCertificate, fingerprint: "OTHER" };
      const [finding] = await findings(
        wildcardServed,
        stack({ served: give(other) }, { expected: { kubeContext: "prod" } }),
      );
      assert.equal(finding?.id, "wildcard-served-another");
      assert.equal(
        finding.command,
        "kubectl --context prod -n nginx-gateway rollout restart deployment nginx-gateway-fabric",
      );
    });

    it("serves one that is identified by its names if the Secret cannot be read", async () => {
      const secret = () => Promise.reject(new NotAvailable("403"));
      const other = { ...wildcardServedCertificate, fingerprint: "OTHER" };
      assert.deepEqual(await ids(wildcardServed, { secret, served: give(other) }), []);
      const wrong = give({ ...other, matchesHost: false });
      assert.deepEqual(await ids(wildcardServed, { secret, served: wrong }), [
        "wildcard-served-another",
      ]);
    });

    it("serves one that does not chain to a known root", async () => {
      const { chain } = wildcardServedCertificate;
      const served = (more: Partial<typeof chain>) => ({
        served: give({ ...wildcardServedCertificate, chain: { ...chain, ...more } }),
      });
      const directoryUrl = "https://ca.example/dir";
      const ofPrivate = { expected: { directoryUrl } };
      for (const [more, changes, id] of [
        [{ end: "open" }, {}, "wildcard-chain"],
        [{ end: "unknown root" }, {}, "wildcard-chain"],
        [{ outOfTime: "CN=R3" }, {}, "wildcard-chain"],
        [{ end: "open" }, ofPrivate, "wildcard-root-private"],
        [{ outOfTime: "CN=R3" }, ofPrivate, "wildcard-chain"],
      ] as const) {
        assert.deepEqual(await ids(wildcardServed, served(more), changes), [id]);
      }
    });
  });
});

describe("doctor, its expectations of a wildcard certificate", () => {
  const certificate = {
    type: "kubernetes:cert-manager.io/v1:Certificate",
    inputs: {
      metadata: { name: "wildcard-ingress", namespace: "akash-gateway" },
      spec: {
        secretName: "wildcard-ingress-tls",
        dnsNames: ["*.ingress.example.com"],
        issuerRef: { name: "letsencrypt-prod-0123abcd" },
      },
    },
    outputs: {},
  };
  const secret = {
    type: "kubernetes:core/v1:Secret",
    inputs: {
      metadata: {
        name: "wildcard-cloudflare-dns",
        namespace: "akash-gateway",
        annotations: {
          "akash-provider-letsencrypt/credential-digest": digestOf("token"),
          "akash-provider-letsencrypt/credential-id": { ciphertext: "v1:…" },
        },
      },
    },
    outputs: {},
  };

  it("come from the stack's state", () => {
    assert.deepEqual(wildcardExpectation([secret, certificate]), wildcard);
  });

  it("have the Google zone that the Issuer names", () => {
    const cloudDNS = { project: "p", hostedZoneName: "z", serviceAccountSecretRef: {} };
    const issuer = {
      type: "kubernetes:cert-manager.io/v1:Issuer",
      inputs: {
        metadata: { name: wildcard.issuer, namespace: "akash-gateway" },
        spec: { acme: { solvers: [{ dns01: { cloudDNS } }] } },
      },
      outputs: {},
    };
    const { metadata } = secret.inputs;
    const ofGoogle = { ...secret, inputs: { metadata: { ...metadata, name: "wildcard-gcp-dns" } } };
    const { credential } = wildcardExpectation([issuer, ofGoogle, certificate]) ?? {};
    assert.equal(credential?.dnsProvider, "googleCloud");
    assert.deepEqual(credential.managedZone, { project: "p", zone: "z" });
  });

  it("are none if the stack has no wildcard certificate of its own", () => {
    const other = {
      ...certificate,
      inputs: { ...certificate.inputs, metadata: { name: "other", namespace: "default" } },
    };
    for (const resources of [[], [secret], [certificate], [secret, other]]) {
      assert.equal(wildcardExpectation(resources), undefined);
    }
  });
});

describe("the facts of the wildcard certificate", () => {
  let server: Server;
  let answers: Readonly<Record<string, readonly [status: number, body: unknown]>>;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer(({ url = "" }, response) => {
      asked.push(url);
      const [status, body] = answers[url] ?? [404, { kind: "Status" }];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  function facts(): WildcardFacts {
    const { port } = server.address() as AddressInfo;
    const kubeconfigContent = JSON.stringify({
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "u" }],
      contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
    });
    const { expected } = context(
      stack({}, { expected: { kubeContext: "prod", kubeconfigContent } }),
    );
    return wildcardFacts(expected, {
      addressOf: give(undefined),
      givenAddress: undefined,
      roots: knownRoots([]),
    });
  }

  it("are read from the stack's objects, once", async () => {
    const authority = await createAuthority("Root");
    const pair = await authority.server("x", ["*.ingress.example.com"]);
    const data = { "tls.crt": Buffer.from(pair.certificate).toString("base64") };
    const annotations = { "cert-manager.io/issuer-name": wildcard.issuer };
    const api = "/apis/cert-manager.io/v1";
    answers = {
      [api]: [200, { resources: [{ name: "certificates" }, { name: "issuers" }] }],
      [`${api}/namespaces/akash-gateway/certificates/wildcard-ingress`]: [200, { spec: {} }],
      "/api/v1/namespaces/akash-gateway/secrets/wildcard-ingress-tls": [
        200,
        { metadata: { annotations }, data },
      ],
    };
    const found = facts();
    assert.equal(await found.hasTypes(), true);
    assert.deepEqual(await found.certificate(), { spec: {} });
    assert.equal(await found.issuer(), undefined);
    assert.equal(await found.attempt(), undefined);
    assert.equal(await found.credential(), undefined);
    const secret = await found.secret();
    assert.equal(secret?.issuer, wildcard.issuer);
    assert.equal(secret.certificate?.matchesHost, true);
    assert.match(found.host, /^doctor-[0-9a-f]{8}\.ingress\.example\.com$/);
    assert.deepEqual(await found.served(), { unreachable: `${found.host} has no address` });
    const { length } = asked;
    await Promise.all([found.certificate(), found.secret(), found.attempt(), found.hasTypes()]);
    assert.equal(asked.length, length);
  });

  it("are not available without the permission, with a command that shows details", async () => {
    const path = "/apis/cert-manager.io/v1/namespaces/akash-gateway/certificates/wildcard-ingress";
    answers = { [path]: [403, { kind: "Status" }] };
    await assert.rejects(facts().certificate(), (error: unknown) => {
      assert(error instanceof NotAvailable);
      assert.equal(
        error.message,
        "the cluster does not allow you to read this (403): kubectl --context prod -n akash-gateway auth can-i --list",
      );
      return true;
    });
  });

  it("are none if the cluster has no such types, or the Secret no certificate", async () => {
    const data = { "tls.crt": Buffer.from("none").toString("base64") };
    answers = {
      "/api/v1/namespaces/akash-gateway/secrets/wildcard-ingress-tls": [200, { data }],
    };
    const found = facts();
    assert.equal(await found.hasTypes(), false);
    assert.equal(await found.certificate(), undefined);
    assert.deepEqual(await found.secret(), { issuer: undefined, certificate: undefined });
  });
});
