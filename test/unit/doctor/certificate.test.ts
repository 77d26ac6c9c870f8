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
import { NotAvailable } from "../../../doctor/finding.ts";
import { createAuthority, type Authority } from "../../../sandbox/cluster/certificates.ts";
import { context, daysFromNow, findings, ids, now, type Changes } from "./context.ts";

type Pod = NonNullable<Awaited<ReturnType<ReturnType<typeof context>["cluster"]["pod"]>>>;

const staging = "C=US, O=(STAGING) Let's Encrypt, CN=(STAGING) Riddling Rhubarb R12";
const unreachable = { certificate: () => Promise.resolve({ unreachable: "refused" }) };

describe("doctor, the certificate", () => {
  for (const check of [certificate, renewal, rateLimits]) {
    it(`reports nothing for ${check.id} if all is well`, async () => {
      assert.deepEqual(await findings(check), []);
    });
  }

  it("identifies what is served in place of the certificate", async () => {
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

  it("expects a staging certificate on a staging stack", async () => {
    const expected = { directoryUrl: letsEncryptDirectory.staging };
    assert.deepEqual(await ids(certificate, { expected, certificate: { issuer: staging } }), []);
    assert.deepEqual(await ids(certificate, { expected }), ["certificate-production"]);
  });

  it("accepts any issuer for a directory other than Let's Encrypt's", async () => {
    const changes = {
      expected: { directoryUrl: "https://ca.example/dir" },
      certificate: { issuer: "CN=Private CA" },
    };
    assert.deepEqual(await ids(certificate, changes), []);
  });

  describe("and its chain", () => {
    const host = "provider.example.com";
    const directoryUrl = "https://ca.example/dir";
    const chain = { end: "open", issuer: "CN=R", length: 2, namesIssuer: false } as const;
    const of = (changes: Partial<Chain>, expected = {}) =>
      ids(certificate, {
        expected,
        certificate: { chain: { ...chain, outOfTime: undefined, ...changes } },
      });

    it("has to be complete and end at a known root", async () => {
      assert.deepEqual(await of({ end: "trusted" }), []);
      assert.deepEqual(await of({ end: "trusted", outOfTime: "CN=R3" }), [
        "certificate-chain-expired",
      ]);
      assert.deepEqual(await of({ end: "unknown root" }), ["certificate-root-unknown"]);
      assert.deepEqual(await of({ length: 1 }), ["certificate-chain-incomplete"]);
      assert.deepEqual(await of({ namesIssuer: true }), ["certificate-chain-incomplete"]);
      assert.deepEqual(await of({}), ["certificate-root-unknown"]);
    });

    it("may end at the unknown root of a private CA", async () => {
      const expected = { directoryUrl };
      assert.deepEqual(await of({ end: "unknown root" }, expected), ["certificate-root-private"]);
      assert.deepEqual(await of({ length: 1 }, expected), ["certificate-root-private"]);
      assert.deepEqual(await of({ namesIssuer: true }, expected), ["certificate-root-private"]);
      assert.deepEqual(await of({ length: 1, namesIssuer: true }, expected), [
        "certificate-chain-incomplete",
      ]);
    });

    it("is followed by signatures, not by names", async () => {
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
        // A server certificate issues no others, whatever its issuer.
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

    it("of staging ends at the roots that Let's Encrypt has published", () => {
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

    it("refuses a file without a root", () => {
      const file = join(import.meta.dirname, "certificate.test.ts");
      assert.throws(() => knownRoots([file]), /--ca \S+ contains no certificate that begins with/);
      assert.throws(() => knownRoots(["/no/such"]), {
        name: "UserError",
        message: "--ca /no/such cannot be read: the file does not exist",
      });
    });
  });

  it("detects a certificate that is not valid yet", async () => {
    assert.deepEqual(await ids(certificate, { certificate: { notBefore: daysFromNow(0.01) } }), [
      "certificate-not-yet-valid",
    ]);
    assert.deepEqual(await ids(certificate, { certificate: { notBefore: now } }), []);
  });

  it("reports whether a restart renews the certificate", async () => {
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
    await assert.rejects(renewal.run(context({ wire: unreachable })), NotAvailable);
  });

  it("derives the time near the expiry from the certificate's lifetime", async () => {
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

  it("reports the next automatic attempt and its time", async () => {
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
      return finding?.seen.split("; automatically: ")[1];
    };
    const at = (hours: number) => daysFromNow(hours / 24).toISOString();
    assert.equal(
      await seen(48, 100),
      `the issuer attempts a renewal at ${at(24)}; if that fails, the container is restarted from ${at(26)} on, at most every 3 hours`,
    );
    assert.equal(await seen(48, 100, false), `the issuer attempts a renewal at ${at(24)}, once`);
    const restarted = (hours: number) =>
      `the container is restarted from ${at(hours)} on, at most every 3 hours, for a retry`;
    assert.equal(await seen(23, 100), restarted(1));
    assert.equal(await seen(20, 1), restarted(2));
    assert.equal(await seen(20, 100), restarted(0));
    assert.equal(await seen(-5, 1), restarted(2));
    assert.equal(await seen(20, 100, false), "nothing until the container is restarted");
  });

  it("counts the known orders of a week", async () => {
    const line = (days: number) =>
      `${daysFromNow(-days).toISOString()} [INFO] Server responded with a certificate.`;
    const of = (...days: readonly number[]) =>
      findings(rateLimits, { log: days.map(line).join("\n") });
    assert.deepEqual(await of(6, 5, 4, 8, 20), []);
    const [near] = await of(6, 5, 4, 3);
    assert.equal(near?.id, "rate-limit-near");
    assert.equal(near.seen, "4 known orders in a week");
  });

  it("counts the known orders under the registered domain", async () => {
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
      context({ cluster: { certificateOrders: () => Promise.reject(new NotAvailable("403")) } }),
    );
    assert.match(seen, /without those of cert-manager, which cannot be read$/);
  });

  it("determines the registered domain by the public suffix list with its private part", () => {
    for (const [host, domain] of [
      ["provider.example.co.uk", "example.co.uk"],
      ["provider.mine.duckdns.org", "mine.duckdns.org"],
      ["provider.example.test", "example.test"],
    ] as const) {
      assert.equal(registeredDomain(host), domain);
    }
  });

  it("reads cert-manager's fulfilled orders", () => {
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

  it("counts each restart if the home is not persistent", async () => {
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

  it("applies only to Let's Encrypt's production directory", () => {
    const { expected } = context({ expected: { directoryUrl: letsEncryptDirectory.staging } });
    assert.equal(rateLimits.applies?.(expected), false);
  });

  it("reads the certificate that a server serves for the host", async () => {
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
