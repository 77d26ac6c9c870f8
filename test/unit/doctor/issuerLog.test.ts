import assert from "node:assert/strict";
import { issuerErrors } from "../../../doctor/checks/issuerErrors.ts";
import { issuerLog } from "../../../doctor/checks/issuerLog.ts";
import { harmlessLines, issuerLine, issuerLines } from "../../support/issuerLines.ts";
import { cloudflareDns01 } from "../../support/manifest.ts";
import { context, daysFromNow, findings, ids } from "./context.ts";

const host = "provider.example.com";

describe("doctor, the issuer's log", () => {
  const explained = async (log: string) =>
    (await findings(issuerLog, { log, challenge: cloudflareDns01 })).map(({ id, seen }) => [
      id,
      seen,
    ]);

  it("has test lines for each error of the issuer", () => {
    assert.deepEqual(
      Object.keys(issuerLines),
      issuerErrors.map(({ id }) => id),
    );
  });

  for (const [id, lines] of Object.entries(issuerLines)) {
    it(`explains ${id}, and shows the whole line`, async () => {
      for (const line of lines) {
        assert.deepEqual(await explained(`fine\n${line}\nfine`), [[id, line.trim()]], line);
      }
    });
  }

  it("knows every ACME error type", async () => {
    const types = [
      ...["accountDoesNotExist", "alreadyReplaced", "alreadyRevoked", "badCSR", "badNonce"],
      ...["badPublicKey", "badRevocationReason", "badSignatureAlgorithm", "caa", "compound"],
      ...["connection", "dns", "externalAccountRequired", "incorrectResponse", "invalidContact"],
      ...["malformed", "orderNotReady", "rateLimited", "rejectedIdentifier", "serverInternal"],
      ...["tls", "unauthorized", "unsupportedContact", "unsupportedIdentifier"],
      ...["userActionRequired", "conflict", "invalidProfile", "dnssec"],
    ];
    for (const type of types) {
      const line = `10:01AM ERR failed to obtain certificate for ${host} err="acme: error: 400 :: POST :: https://ca.test/x :: urn:ietf:params:acme:error:${type} :: words" module=cert-issuer`;
      const [found, ...others] = await explained(line);
      assert.deepEqual(others, [], type);
      assert.notEqual(found?.[0], "log-unknown", type);
      assert.equal(found?.[1], line);
    }
  });

  it("reports the cause and the outcome", async () => {
    const cause = issuerLine("log-caa");
    const givenUp = `10:02AM ERR unable to obtain certificate for ${host} after 5 retries. giving up. provider will not check this certificate until next restart err="${cause}" module=cert-issuer`;
    assert.deepEqual(await explained(givenUp), [
      ["log-caa", givenUp],
      ["log-given-up", givenUp],
    ]);
    // A message of the logger can have several lines; the value of a field has one.
    const renewal = `failed to renew certificate for ${host}: error: one or more domains had a problem:`;
    assert.deepEqual(await explained(`${renewal}\n[${host}] ${cause}`), [
      ["log-caa", `[${host}] ${cause}`],
      ["log-renewal-failed", renewal],
    ]);
  });

  it("recognizes the zone of a registry", async () => {
    const zone = (name: string) =>
      explained(`cloudflare: failed to find zone ${name}.: zone could not be found`);
    for (const name of ["com", "uk", "co.uk", "network"]) {
      assert.deepEqual(
        (await zone(name)).map(([id]) => id),
        ["log-dns-redirected"],
        name,
      );
    }
    for (const name of ["example.com", "example.co.uk", "sub.example.com"]) {
      assert.deepEqual(
        (await zone(name)).map(([id]) => id),
        ["log-zone"],
        name,
      );
    }
  });

  it("shows unknown errors unchanged, each once", async () => {
    const strange = `ERR failed to obtain certificate for ${host} err="tomorrow's words" module=cert-issuer`;
    const type = "acme: error: 400 :: urn:ietf:params:acme:error:ofTomorrow :: words";
    const listed = `failed to renew certificate for ${host}: error: one or more domains had a problem:\n[${host}] more words of tomorrow`;
    const log = [`10:01AM ${strange}`, `10:02AM ${strange}`, type, listed].join("\n");
    assert.deepEqual(await explained(log), [
      [
        "log-renewal-failed",
        `failed to renew certificate for ${host}: error: one or more domains had a problem:`,
      ],
      ["log-unknown", strange],
      ["log-unknown", type],
      ["log-unknown", `[${host}] more words of tomorrow`],
    ]);
  });

  it("ignores lines that are not errors of the issuer", async () => {
    assert.deepEqual(await explained(harmlessLines.join("\n")), []);
  });

  it("ignores errors that a certificate has resolved, and HTTP-01 on an HTTP-01 stack", async () => {
    const all = Object.values(issuerLines).flat().join("\n");
    for (const resolving of [
      `[INFO] [${host}] Server responded with a certificate.`,
      "10:01AM INF watching dir '/root/.akash/.certissuer/certificates' for cert changes module=account-querier",
    ]) {
      assert.deepEqual(await ids(issuerLog, { log: `${all}\n${resolving}` }), []);
    }
    assert.deepEqual(await ids(issuerLog, { log: issuerLine("log-http-solver") }), []);
  });

  it("detects an issuer that waits for the CA and logs nothing", async () => {
    const question = (minutes: number) =>
      `${daysFromNow(-minutes / (24 * 60)).toISOString()} 2026/11/20 11:00:00 [INFO] [${host}] acme: Obtaining bundled SAN certificate`;
    assert.deepEqual(await ids(issuerLog, { log: question(10) }), []);
    const [finding, ...others] = await findings(issuerLog, { log: question(60) });
    assert.deepEqual(others, []);
    assert.equal(finding?.id, "log-silent");
    assert.match(finding.seen, /^no line since 2026-11-20T11:00:00\.000Z: .*Obtaining/);
    const answered = `${daysFromNow(-0.01).toISOString()} [INFO] [${host}] AuthURL: https://ca.test/acme/authz/1`;
    assert.deepEqual(await ids(issuerLog, { log: `${question(60)}\n${answered}` }), []);
  });

  it("reads a long log in little time", async () => {
    const line =
      '10:01AM INF syncing blocks height=1 module=bidengine cmp=provider order="akash1/1/1/1"';
    const { cluster } = context();
    const lines = Array.from({ length: 100_000 }, () => ({ time: undefined, text: line }));
    const started = process.cpuUsage();
    const found = await ids(issuerLog, {
      cluster: { ...cluster, log: () => Promise.resolve(lines) },
    });
    assert.deepEqual(found, []);
    assert(process.cpuUsage(started).user < 2_000_000, String(process.cpuUsage(started).user));
  });
});
