import assert from "node:assert/strict";
import { makeToken } from "./cloudflareSupport.ts";
import { Clouds, PROJECT_ID, zonePath } from "./support.ts";

const ACCOUNTS = `/v1/projects/${PROJECT_ID}/serviceAccounts`;
const RECORD = { name: "a.acme.test.", type: "TXT", ttl: 60, rrdatas: ["one"] };

describe("injected faults", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  const googleWords: [status: number, canonical: string, reason: string][] = [
    [403, "PERMISSION_DENIED", "forbidden"],
    [409, "ABORTED", "aborted"],
    [429, "RESOURCE_EXHAUSTED", "rateLimitExceeded"],
    [500, "INTERNAL", "backendError"],
  ];
  for (const [status, canonical, reason] of googleWords) {
    it(`respond ${status} in Google's format, then let the calls through`, async () => {
      await inject("google", { match: "^GET /v1/.*/serviceAccounts$", status, times: 2 });
      for (let time = 0; time < 2; time += 1) {
        const answer = await clouds.google("GET", ACCOUNTS);
        assert.equal(answer.status, status);
        assert.equal(answer.body.error.status, canonical);
      }
      assert.equal((await clouds.google("GET", ACCOUNTS)).status, 200);
      await inject("google", { match: "/managedZones/", status });
      const dns = await clouds.google("GET", zonePath());
      assert.equal(dns.status, status);
      assert.equal(dns.body.error.errors[0].reason, reason);
      assert.equal("status" in dns.body.error, false, "Cloud DNS has the older form");
    });

    it(`respond ${status} in Cloudflare's format`, async () => {
      await inject("cloudflare", { match: "^GET .*/zones$", status });
      const { status: answered, body } = await clouds.cloudflare("GET", "/zones");
      assert.equal(answered, status);
      assert.equal(body.success, false);
      assert.equal(typeof body.errors[0].code, "number");
      assert.equal((await clouds.cloudflare("GET", "/zones")).status, 200);
    });
  }

  it("repeat the request if configured", async () => {
    await inject("google", { match: "/managedZones/", status: 403, echo: true });
    const google = await clouds.google("GET", zonePath());
    assert.match(google.body.error.message, /^Forbidden You sent: Bearer \S+/);
    await inject("cloudflare", { match: "/zones$", status: 500, echo: true });
    const { body } = await clouds.cloudflare("GET", "/zones");
    assert.match(body.errors[0].message, /served\. You sent: Bearer \S+/);
  });

  it("do not affect calls that they do not match", async () => {
    await inject("google", { match: "^DELETE ", status: 500 });
    assert.equal((await clouds.google("GET", ACCOUNTS)).status, 200);
    const { body } = await clouds.control("google", "GET", "faults");
    assert.equal(body.faults.length, 1);
    await clouds.control("google", "DELETE", "faults");
    assert.deepEqual((await clouds.control("google", "GET", "faults")).body.faults, []);
  });

  it("happen before or after the call takes effect", async () => {
    const create = () => clouds.google("POST", ACCOUNTS, { accountId: "dns-issuer" });
    await inject("google", { match: "POST .*/serviceAccounts$", status: 500 });
    assert.equal((await create()).status, 500);
    assert.equal((await clouds.google("GET", ACCOUNTS)).body.accounts, undefined);
    await inject("google", { match: "POST .*/serviceAccounts$", status: 500, when: "after" });
    assert.equal((await create()).status, 500);
    assert.equal((await clouds.google("GET", ACCOUNTS)).body.accounts.length, 1);
    assert.equal((await create()).status, 409);
  });

  it("close the connection, before or after the change", async () => {
    const changes = `${zonePath()}/changes`;
    for (const [when, left] of [
      ["before", 0],
      ["after", 1],
    ] as const) {
      await inject("google", { match: "/changes$", reset: true, when });
      await assert.rejects(clouds.google("POST", changes, { additions: [RECORD] }), /fetch failed/);
      const { body } = await clouds.google("GET", `${zonePath()}/rrsets?type=TXT`);
      assert.equal(body.rrsets.length, left, when);
    }
    const { body } = await clouds.control("google", "GET", "calls");
    const cut = body.calls.filter(({ status }) => status === "reset");
    assert.deepEqual(
      cut.map(({ fault }) => fault),
      ["/changes$", "/changes$"],
    );
  });

  it("delay, alone or before a failure", async () => {
    await inject("cloudflare", { match: "/zones$", delayMs: 120 });
    const from = performance.now();
    assert.equal((await clouds.cloudflare("GET", "/zones")).status, 200);
    assert.ok(performance.now() - from >= 110);
    await inject("cloudflare", { match: "/zones$", delayMs: 120, status: 500 });
    const again = performance.now();
    assert.equal((await clouds.cloudflare("GET", "/zones")).status, 500);
    assert.ok(performance.now() - again >= 110);
  });

  it("leave a token whose value is unknown", async () => {
    await inject("cloudflare", { match: "POST .*/user/tokens$", reset: true, when: "after" });
    await assert.rejects(makeToken(clouds), /fetch failed/);
    const { body } = await clouds.cloudflare("GET", "/user/tokens");
    assert.equal(body.result_info.total_count, 1);
  });

  const wrong: [what: string, fault: object, message: RegExp][] = [
    ["no expression", { status: 500 }, /^match: /],
    ["a broken expression", { match: "(", status: 500 }, /^match: /],
    ["another status", { match: "x", status: 404 }, /^status: one of 403, 409, 429, 500/],
    ["a negative delay", { match: "x", delayMs: -1 }, /^delayMs: /],
    ["no times", { match: "x", status: 500, times: 0 }, /^times: /],
    ["another moment", { match: "x", status: 500, when: "during" }, /^when: /],
    ["no effect", { match: "x" }, /^one of status, delayMs and reset/],
  ];
  for (const [what, fault, message] of wrong) {
    it(`are not accepted with ${what}`, async () => {
      const { status, body } = await clouds.control("google", "POST", "faults", fault);
      assert.equal(status, 400);
      assert.match(body.error, message);
    });
  }

  async function inject(api: "google" | "cloudflare", fault: object): Promise<void> {
    assert.equal((await clouds.control(api, "POST", "faults", fault)).status, 200);
  }
});
