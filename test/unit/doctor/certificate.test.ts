import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { letsEncryptDirectory } from "../../../config/environment.ts";
import { certificate } from "../../../doctor/checks/certificate.ts";
import { rateLimits } from "../../../doctor/checks/rateLimits.ts";
import { registeredDomain } from "../../../doctor/checks/registeredDomain.ts";
import { renewal } from "../../../doctor/checks/renewal.ts";
import { readOrders, type CertificateOrder } from "../../../doctor/facts/certificateOrders.ts";
import { isSelfSigned, type Chain } from "../../../doctor/facts/chain.ts";
import { knownRoots } from "../../../doctor/facts/knownRoots.ts";
import { readCertificate, wireFacts } from "../../../doctor/facts/wire.ts";
import { NotSeen } from "../../../doctor/finding.ts";
import { createAuthority, type Authority } from "../../../sandbox/cluster/certificates.ts";
import { context, daysFromNow, findings, ids, now, type Changes } from "./context.ts";

type Pod = NonNullable<Awaited<ReturnType<ReturnType<typeof context>["cluster"]["pod"]>>>;

const staging = "C=US, O=(STAGING) Let's Encrypt, CN=(STAGING) Riddling Rhubarb R12";
const unreachable = { certificate: () => Promise.resolve({ unreachable: "refused" }) };

describe("doctor, the certificate", () => {
  for (const check of [certificate, renewal, rateLimits]) {
    it(`finds nothing of ${check.id} where all is well`, async () => {
      assert.deepEqual(await findings(check), []);
    });
  }

  it("names what is served in the certificate's place", async () => {
    const cases: readonly (readonly [Changes, readonly string[]])[] = [
      [{ wire: unreachable }, ["port-8443-closed"]],
      [
        { certificate: { selfSigned: true, issuer: "CN=akash1abc", matchesHost: false } },
        ["certificate-chain"],
      ],
      [
        { certificate: { selfSigned: true, issuer: "C=US, O=Let's Encrypt, CN=E7" } },
        ["certificate-self-signed"],
      ],
      [{ certificate: { issuer: staging } }, ["certificate-staging"]],
      [{ certificate: { issuer: "CN=TRAEFIK DEFAULT CERT" } }, ["certificate-issuer"]],
      [{ certificate: { matchesHost: false, names: ["other.test"] } }, ["certificate-name"]],
    ];
    for (const [changes, expected] of cases) {
      assert.deepEqual(await ids(certificate, changes), expected);
    }
  });

  it("wants staging's certificate on a staging stack", async () => {
    const expected = { directoryUrl: letsEncryptDirectory.staging };
    assert.deepEqual(await ids(certificate, { expected, certificate: { issuer: staging } }), []);
    assert.deepEqual(await ids(certificate, { expected }), ["certificate-production"]);
  });

  it("takes any issuer for that of a directory that is not Let's Encrypt's", async () => {
    const changes = {
      expected: { directoryUrl: "https://ca.example/dir" },
      certificate: { issuer: "CN=Private CA" },
    };
    assert.deepEqual(await ids(certificate, changes), []);
  });

  describe("and the chain that is sent with it", () => {
    const host = "provider.example.com";
    const directoryUrl = "https://ca.example/dir";
    const chain = { end: "open", issuer: "CN=R", length: 2, namesIssuer: false } as const;
    const of = (changes: Partial<Chain>, expected = {}) =>
      ids(certificate, {
        expected,
        certificate: { chain: { ...chain, outOfTime: undefined, ...changes } },
      });

    it("is to lead to a root, and to leave nothing out", async () => {
      assert.deepEqual(await of({ end: "trusted" }), []);
      assert.deepEqual(await of({ end: "trusted", outOfTime: "CN=R3" }), [
        "certificate-chain-expired",
      ]);
      assert.deepEqual(await of({ end: "unknown root" }), ["certificate-root-unknown"]);
      assert.deepEqual(await of({ length: 1 }), ["certificate-chain-incomplete"]);
      assert.deepEqual(await of({ namesIssuer: true }), ["certificate-chain-incomplete"]);
      assert.deepEqual(await of({}), ["certificate-root-unknown"]);
    });

    it("may lead to a private CA's root, which is known to who has it alone", async () => {
      const expected = { directoryUrl };
      assert.deepEqual(await of({ end: "unknown root" }, expected), ["certificate-root-private"]);
      assert.deepEqual(await of({ length: 1 }, expected), ["certificate-root-private"]);
      assert.deepEqual(await of({ namesIssuer: true }, expected), ["certificate-root-private"]);
      assert.deepEqual(await of({ length: 1, namesIssuer: true }, expected), [
        "certificate-chain-incomplete",
      ]);
    });

    it("is followed by signatures, whatever the names are", async () => {
      const folder = mkdtempSync(join(tmpdir(), "chain-"));
      try {
        const [real, forged] = await Promise.all(
          [1, 2].map(() => createAuthority("ISRG Root X1", "Internet Security Research Group")),
        );
        assert(real && forged);
        writeFileSync(join(folder, "roots.pem"), `# for tests\n${real.certificate}`);
        const roots = knownRoots([join(folder, "roots.pem")]);
        const read = (
          { certificate: own }: { readonly certificate: string },
          ...others: readonly Authority[]
        ) => {
          const [first, ...more] = [own, ...others.map(({ certificate }) => certificate)].map(
            (pem) => new X509Certificate(pem),
          );
          assert(first);
          const { end, length, outOfTime } = readCertificate(
            host,
            [first, ...more],
            roots,
            new Date(),
          ).chain;
          return [end, length, outOfTime];
        };
        const intermediate = await real.intermediate("E7", "Let's Encrypt");
        const own = await intermediate.server(host, [host]);
        const lookAlike = await forged.intermediate("E7", "Let's Encrypt");
        assert.deepEqual(read(own, intermediate), ["trusted", 2, undefined]);
        assert.deepEqual(read(own, forged, intermediate, real), ["trusted", 2, undefined]);
        assert.deepEqual(read(own), ["open", 1, undefined]);
        assert.deepEqual(read(own, lookAlike), ["open", 1, undefined]);
        assert.deepEqual(read(await lookAlike.server(host, [host]), lookAlike), [
          "open",
          2,
          undefined,
        ]);
        assert.deepEqual(read(await lookAlike.server(host, [host]), lookAlike, forged), [
          "unknown root",
          3,
          undefined,
        ]);
        // A certificate for a server issues none, whoever has signed it.
        assert.deepEqual(read(await real.server(host, [host])), ["trusted", 1, undefined]);
        const ended = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };
        const old = await real.intermediate("E7", "Let's Encrypt", ended);
        assert.deepEqual(read(await old.server(host, [host]), old), [
          "trusted",
          2,
          "CN=E7, O=Let's Encrypt",
        ]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it("of staging leads to the roots that Let's Encrypt has published", () => {
      const roots = knownRoots([]).staging();
      // https://letsencrypt.org/docs/staging-environment/, by SHA-256.
      assert.deepEqual(
        roots.map(({ subject, fingerprint256 }) => [
          subject.split("CN=")[1],
          fingerprint256.slice(0, 23),
        ]),
        [
          ["(STAGING) Pretend Pear X1", "E7:05:70:A9:89:F8:56:5A"],
          ["(STAGING) Bogus Broccoli X2", "9B:2A:33:9F:E6:A3:E8:55"],
          ["(STAGING) Yearning Yucca Root YE", "B5:9B:FC:0B:A5:2D:AF:84"],
          ["(STAGING) Yonder Yam Root YR", "EF:11:5F:B5:9E:04:0F:F3"],
        ],
      );
      assert(roots.every(isSelfSigned));
    });

    it("refuses a file that holds no root", () => {
      const file = join(import.meta.dirname, "certificate.test.ts");
      assert.throws(() => knownRoots([file]), /--ca \S+ holds no certificate that begins with/);
      assert.throws(() => knownRoots(["/no/such"]), {
        name: "UserError",
        message: "--ca /no/such cannot be read: there is no such file",
      });
    });
  });

  it("sees a certificate that is not valid yet", async () => {
    assert.deepEqual(await ids(certificate, { certificate: { notBefore: daysFromNow(0.01) } }), [
      "certificate-not-yet-valid",
    ]);
    assert.deepEqual(await ids(certificate, { certificate: { notBefore: now } }), []);
  });

  it("says when a restart renews the certificate, and when not", async () => {
    const of = (days: number, log = "") =>
      ids(renewal, { certificate: { notAfter: daysFromNow(days) }, log });
    const failed = "failed to renew certificate for provider.example.com: error";
    const issued = "[INFO] Server responded with a certificate.";
    assert.deepEqual(await of(8), []);
    assert.deepEqual(await of(2), ["renewal-soon"]);
    assert.deepEqual(await of(0.9), ["renewal-due"]);
    assert.deepEqual(await of(0.9, failed), ["renewal-failed"]);
    assert.deepEqual(await of(0.9, `${failed}\n${issued}`), ["renewal-due"]);
    assert.deepEqual(await of(-1), ["certificate-expired"]);
    const [soon] = await findings(renewal, { certificate: { notAfter: daysFromNow(2) } });
    assert.equal(soon?.expected, `renewed after ${daysFromNow(1).toISOString()}`);
    await assert.rejects(renewal.run(context({ wire: unreachable })), NotSeen);
  });

  it("goes by the certificate's own life for what is near its end", async () => {
    const of = (life: number, left: number) =>
      ids(renewal, {
        certificate: { notBefore: daysFromNow(left - life), notAfter: daysFromNow(left) },
      });
    assert.deepEqual(await of(90, 7.4), ["renewal-soon"]);
    assert.deepEqual(await of(90, 7.6), []);
    assert.deepEqual(await of(45, 7), []);
    assert.deepEqual(await of(45, 3.7), ["renewal-soon"]);
    // Let's Encrypt's short-lived profile.
    assert.deepEqual(await of(6.6, 2), []);
    assert.deepEqual(await of(6.6, 0.9), ["renewal-due"]);
  });

  it("says what happens by itself, and when", async () => {
    const container = (present: Pod | undefined, hours: number) => ({
      ...present?.status?.containerStatuses?.[0],
      name: "provider",
      ready: true,
      restartCount: 0,
      image: "",
      imageID: "",
      state: { running: { startedAt: daysFromNow(-hours / 24) } },
    });
    const seen = async (hoursLeft: number, hoursUp: number, probed = true) => {
      const present = await context().cluster.pod();
      assert(present?.spec);
      const [first, ...others] = present.spec.containers;
      assert(first);
      const pod: Pod = {
        ...present,
        spec: {
          ...present.spec,
          containers: [probed ? first : { ...first, livenessProbe: {} }, ...others],
        },
        status: { ...present.status, containerStatuses: [container(present, hoursUp)] },
      };
      const [finding] = await findings(renewal, {
        certificate: { notAfter: daysFromNow(hoursLeft / 24) },
        cluster: { pod: () => Promise.resolve(pod) },
      });
      return finding?.seen.split("; by itself ")[1];
    };
    const at = (hours: number) => daysFromNow(hours / 24).toISOString();
    assert.equal(
      await seen(48, 100),
      `the issuer tries at ${at(24)}; where that fails, the container is restarted from ${at(26)} on, at most every 3 hours`,
    );
    assert.equal(await seen(48, 100, false), `the issuer tries at ${at(24)}, once`);
    const restarted = (hours: number) =>
      `the container is restarted from ${at(hours)} on, at most every 3 hours, to try again`;
    assert.equal(await seen(23, 100), restarted(1));
    assert.equal(await seen(20, 1), restarted(2));
    assert.equal(await seen(20, 100), restarted(0));
    assert.equal(await seen(-5, 1), restarted(2));
    assert.equal(await seen(20, 100, false), "nothing, before the container is started again");
  });

  it("counts the orders of a week that it can know of", async () => {
    const line = (days: number) =>
      `${daysFromNow(-days).toISOString()} [INFO] Server responded with a certificate.`;
    const of = (...days: readonly number[]) =>
      findings(rateLimits, { log: days.map(line).join("\n") });
    assert.deepEqual(await of(6, 5, 4, 8, 20), []);
    const [near] = await of(6, 5, 4, 3);
    assert.equal(near?.id, "rate-limit-near");
    assert.equal(near.seen, "4 known orders in a week");
  });

  it("counts the orders under the registered domain, as far as it can", async () => {
    const order = (name: string, days = 1, host = "acme-v02.api.letsencrypt.org") => ({
      names: [name],
      url: `https://${host}/acme/order/1/2`,
      createdAt: daysFromNow(-days),
    });
    const of = (certificateOrders: () => Promise<readonly CertificateOrder[]>) =>
      findings(rateLimits, {
        cluster: { certificateOrders },
        certificate: { notBefore: daysFromNow(-1) },
      });
    const tenants = Array.from({ length: 44 }, (_, at) => order(`${at}.ingress.example.com`));
    const others = [
      order("*.other.com"),
      order("old.example.com", 8),
      order("staging.example.com", 1, "acme-staging-v02.api.letsencrypt.org"),
    ];
    const [near, ...more] = await of(() => Promise.resolve([...tenants, ...others]));
    assert.deepEqual(more, []);
    assert.equal(near?.id, "rate-limit-domain");
    assert.equal(near.seen, "45 known orders in a week under example.com");
    assert.match(near.command ?? "", /crt\.sh\/\?q=example\.com/);
    assert.deepEqual(await of(() => Promise.resolve([...tenants.slice(1), ...others])), []);

    const { seen } = await rateLimits.run(
      context({ cluster: { certificateOrders: () => Promise.reject(new NotSeen("403")) } }),
    );
    assert.match(seen, /without those of cert-manager, which cannot be read$/);
  });

  it("knows the registered domain by the public suffix list, private part and all", () => {
    for (const [host, domain] of [
      ["provider.example.co.uk", "example.co.uk"],
      ["provider.mine.duckdns.org", "mine.duckdns.org"],
      ["provider.example.test", "example.test"],
    ] as const) {
      assert.equal(registeredDomain(host), domain);
    }
  });

  it("reads cert-manager's orders that were fulfilled", () => {
    const creationTimestamp = "2026-11-20T12:00:00Z";
    const spec = { dnsNames: ["a.example.com"] };
    const url = "https://acme-v02.api.letsencrypt.org/acme/order/1/2";
    const items = [
      { metadata: { creationTimestamp }, spec, status: { state: "valid", url } },
      { metadata: { creationTimestamp }, spec, status: { state: "errored", url } },
      { metadata: { creationTimestamp }, spec },
    ];
    assert.deepEqual(readOrders({ items }), [
      { names: spec.dnsNames, url, createdAt: new Date(creationTimestamp) },
    ]);
  });

  it("counts each restart where the home is not kept", async () => {
    const pod = async () => {
      const present = await context().cluster.pod();
      const status = { restartCount: 3, name: "provider", ready: true, image: "", imageID: "" };
      return {
        ...present,
        spec: { containers: [{ name: "provider" }], volumes: [{ name: "home", emptyDir: {} }] },
        status: { containerStatuses: [status] },
      };
    };
    const changes = { cluster: { pod }, certificate: { notBefore: daysFromNow(-1) } };
    assert.deepEqual(await ids(rateLimits, changes), ["rate-limit-near", "home-not-persistent"]);
  });

  it("counts for Let's Encrypt's production directory alone", () => {
    const { expected } = context({ expected: { directoryUrl: letsEncryptDirectory.staging } });
    assert.equal(rateLimits.applies?.(expected), false);
  });

  it("reads the certificate that a server serves to who names the host", async () => {
    const root = await createAuthority("Test Root");
    const authority = await root.intermediate("Test CA");
    const own = await authority.server("provider.example.com", ["provider.example.com"]);
    const other = await authority.server("localhost");
    const server = createServer({ cert: other.certificate, key: other.key });
    const cert = `${own.certificate}\n${authority.certificate}`;
    server.addContext("provider.example.com", { cert, key: own.key });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const address = { address: "127.0.0.1", port };
      const { certificate: read } = wireFacts(
        "provider.example.com",
        () => Promise.resolve(address),
        { roots: knownRoots([]) },
      );
      const served = await read();
      assert(!("unreachable" in served));
      assert(served.matchesHost);
      assert(!served.selfSigned);
      assert.equal(served.issuer, "CN=Test CA");
      const { end, issuer, length } = served.chain;
      assert.deepEqual([end, issuer, length], ["open", "CN=Test Root", 2]);
      assert(served.names.includes("provider.example.com"));
    } finally {
      server.close();
    }
  });
});
