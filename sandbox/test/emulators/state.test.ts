import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmulatorOptions } from "../../emulators/server.ts";
import { fingerprint } from "../../emulators/shared/secrets.ts";
import { makeToken, ZONE_ID } from "./cloudflareSupport.ts";
import { Clouds, DOMAIN, PROJECT_ID, zonePath } from "./support.ts";

describe("the state of the emulators", () => {
  let folder: string;
  let stateFile: string;
  let started: Clouds[];

  beforeEach(() => {
    started = [];
    folder = mkdtempSync(join(tmpdir(), "emulators-"));
    stateFile = join(folder, "below", "state.json");
  });

  afterEach(async () => {
    await Promise.all(started.map((clouds) => clouds.close()));
    rmSync(folder, { recursive: true });
  });

  async function seeded(options: EmulatorOptions): Promise<Clouds> {
    const clouds = await Clouds.seeded(options);
    started.push(clouds);
    return clouds;
  }

  it("survives a restart, with the credentials created before it", async () => {
    const tokens = { googleAdminToken: "ya29.operator", cloudflareAdminToken: "o".repeat(40) };
    const first = await seeded({ stateFile, ...tokens });
    const email = await first.account();
    const key = await first.key(email);
    await first.grant(email, "roles/dns.admin", zonePath());
    const access = await first.tokenFor(key);
    const { value } = await makeToken(first);
    await first.control("google", "PATCH", "settings", { changeDelayMs: 7 });
    const port = Number(new URL(first.running.googleUrl).port);
    await first.close();

    const second = await Clouds.start({ stateFile, googlePort: port, ...tokens });
    started.push(second);
    const change = { additions: [{ name: "a.acme.test.", type: "TXT", ttl: 60, rrdatas: ["x"] }] };
    assert.equal(
      (await second.google("POST", `${zonePath()}/changes`, change, access)).status,
      200,
    );
    const fresh = await second.tokenFor(key);
    assert.equal(
      (await second.google("GET", `${zonePath()}/rrsets`, undefined, fresh)).status,
      200,
    );
    const records = await second.cloudflare(
      "GET",
      `/zones/${ZONE_ID}/dns_records`,
      undefined,
      value,
    );
    assert.equal(records.status, 200);
    assert.equal((await second.google("GET", `/v1/projects/${PROJECT_ID}`)).status, 200);
    const settings = await second.control("google", "GET", "settings");
    assert.equal(JSON.stringify(settings.body).includes('"changeDelayMs":7'), true);
  });

  it("is written as a whole, readable only by its owner", async () => {
    await seeded({ stateFile });
    assert.equal(statSync(stateFile).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(folder, "below")), ["state.json"]);
  });

  it("is not guessed if the file is damaged", async () => {
    const damaged = join(folder, "state.json");
    writeFileSync(damaged, '{"google":');
    await assert.rejects(Clouds.start({ stateFile: damaged }), /is not a state file/);
  });

  it("and the log contain no credential", async () => {
    const lines: string[] = [];
    const clouds = await seeded({ stateFile, log: (line) => lines.push(line) });
    const { googleAdminToken, cloudflareAdminToken } = clouds.running;
    const email = await clouds.account();
    const key = await clouds.key(email);
    const assertion = await clouds.assertion(key);
    const { body } = await clouds.exchange(key.token_uri, assertion);
    await clouds.google("GET", `/tokeninfo?access_token=${body.access_token}`);
    await clouds.google("GET", zonePath(), undefined, body.access_token);
    const token = await makeToken(clouds);
    await clouds.cloudflare("GET", "/user/tokens/verify", undefined, token.value);
    const [, ...privateLines] = key.private_key.trim().split("\n").slice(0, -1);
    const secrets = [
      ...privateLines.filter((line) => line.length > 40),
      assertion,
      body.access_token,
      token.value,
      googleAdminToken,
      cloudflareAdminToken,
    ];
    const hashes = [body.access_token, token.value].map(fingerprint);
    const dumps = await Promise.all(
      (["google", "cloudflare"] as const).flatMap((api) => [
        clouds.control(api, "GET", "state"),
        clouds.control(api, "GET", "calls"),
      ]),
    );
    const dump = JSON.stringify(dumps);
    const file = readFileSync(stateFile, "utf8");
    assert.ok(dump.includes(email) && dump.includes(token.id) && file.includes(key.private_key_id));
    assert.ok(lines.some((line) => line.includes("POST /token 200")));
    for (const secret of secrets) {
      for (const place of [dump, file, lines.join("\n")]) {
        assert.equal(place.includes(secret), false, secret);
      }
    }
    for (const hash of hashes) {
      assert.equal(dump.includes(hash), false);
    }
  });
});

describe("the control API", () => {
  let clouds: Clouds;

  before(async () => {
    clouds = await Clouds.seeded();
  });

  after(() => clouds.close());

  it("creates seeded objects once", async () => {
    const before = await clouds.google("GET", zonePath());
    for (const [api, seed] of [
      ["google", { projects: [{ projectId: PROJECT_ID, zones: [zone()] }] }],
      ["cloudflare", { zones: [{ name: DOMAIN }] }],
    ] as const) {
      assert.equal((await clouds.control(api, "POST", "seed", seed)).status, 200);
    }
    const after = await clouds.google("GET", zonePath());
    assert.equal(after.body.id, before.body.id);
    const { body } = await clouds.cloudflare("GET", "/zones");
    assert.equal(body.result_info.total_count, 2);
  });

  function zone() {
    return { name: "acme-zone", dnsName: `${DOMAIN}.` };
  }

  const wrong: [api: "google" | "cloudflare", path: string, body: object, message: RegExp][] = [
    ["google", "seed", { projects: [{}] }, /^projects: /],
    ["google", "seed", { projects: [{ projectId: "p", zones: [{ name: "z" }] }] }, /^zones: /],
    ["cloudflare", "seed", { accounts: [{}] }, /^accounts: /],
    ["cloudflare", "seed", { zones: [{ name: "a.b." }] }, /^zones: /],
    ["cloudflare", "seed", { zones: [{ name: "a.b", id: "x" }] }, /^id: /],
    ["cloudflare", "seed", { zones: [{ name: "a.b", account: "x" }] }, /^zones: there is no/],
  ];
  for (const [api, path, body, message] of wrong) {
    it(`refuses ${JSON.stringify(body)} as a ${path} of ${api}`, async () => {
      const answer = await clouds.control(api, "POST", path, body);
      assert.equal(answer.status, 400);
      assert.match(answer.body.error, message);
    });
  }

  it("refuses unknown settings and invalid values", async () => {
    const unknown = await clouds.control("google", "PATCH", "settings", { delay: 1 });
    assert.match(unknown.body.error, /^delay: no such setting; there are keyDelayMs, /);
    const unfit = await clouds.control("google", "PATCH", "settings", { keyDelayMs: "1" });
    assert.equal(unfit.body.error, "keyDelayMs: a number of milliseconds");
  });

  it("lists the calls with their callers, and clears them", async () => {
    await clouds.control("cloudflare", "DELETE", "calls");
    await clouds.cloudflare("GET", "/zones?name=x");
    await clouds.cloudflare("GET", "/zones", undefined, null);
    const { body } = await clouds.control("cloudflare", "GET", "calls");
    assert.deepEqual(
      body.calls.map(({ method, path, status, who }) => [method, path, status, who]),
      [
        ["GET", "/client/v4/zones", 200, "operator"],
        ["GET", "/client/v4/zones", 400, "anonymous"],
      ],
    );
    await clouds.control("cloudflare", "DELETE", "calls");
    assert.deepEqual((await clouds.control("cloudflare", "GET", "calls")).body.calls, []);
    assert.equal((await clouds.control("cloudflare", "GET", "nothing")).status, 404);
  });
});
