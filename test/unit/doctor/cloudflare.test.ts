import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { cloudflareCredential } from "../../../doctor/facts/cloudflare.ts";
import type { CreatedCredential } from "../../../doctor/expectation.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import {
  ACCOUNT_ID,
  makeToken,
  OTHER_ZONE_ID,
  ZONE_ID,
  zoneResource,
} from "../../../sandbox/test/emulators/cloudflareSupport.ts";
import { Clouds, DOMAIN } from "../../../sandbox/test/emulators/support.ts";

const host = `provider.${DOMAIN}`;

describe("doctor, a Cloudflare token", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function credential(token: string, created?: Partial<CreatedCredential>, apiToken?: string) {
    const access = {
      googleCloud: {},
      cloudflare: { endpoint: clouds.running.cloudflareUrl, apiToken },
    };
    const target = { host, domain: DOMAIN, created: created as CreatedCredential | undefined };
    return cloudflareCredential(token, target, access);
  }

  it("has exactly the required permissions with Zone Read and DNS Write on the zone", async () => {
    const { value } = await makeToken(clouds);
    const token = credential(value, undefined, clouds.running.cloudflareAdminToken);
    assert.deepEqual(await token.lacks(), []);
    assert.deepEqual(await token.excess(), []);
    assert.equal((await token.zone()).name, DOMAIN);
    assert.equal(await token.prove(), undefined);
  });

  it("requires an active zone of a unique name", async () => {
    const { value } = await makeToken(clouds);
    await clouds.control("cloudflare", "POST", "seed", {
      zones: [{ name: DOMAIN, status: "moved" }],
    });
    const [moved] = await credential(value).lacks();
    assert.match(moved?.seen ?? "", /is moved: DNS no longer delegates it to Cloudflare/);
    await clouds.control("cloudflare", "POST", "seed", {
      accounts: [{ name: "Other", id: "b".repeat(32) }],
      zones: [{ name: DOMAIN, account: "Other" }],
    });
    const both = await makeToken(clouds, undefined, zoneResource("*"));
    const [ambiguous] = await credential(both.value).lacks();
    assert.match(
      ambiguous?.seen ?? "",
      /the token can read 2, in account Acme .* and account Other/,
    );
  });

  it("reads all pages of its list of zones", async () => {
    const { value } = await makeToken(clouds, undefined, zoneResource("*"));
    await clouds.control("cloudflare", "PATCH", "settings", { pageSize: 1 });
    await clouds.control("cloudflare", "POST", "seed", {
      zones: [{ name: "first.test" }, { name: "second.test" }],
    });
    assert.equal((await credential(value).excess()).length, 3);
  });

  it("lacks the permission to read", async () => {
    const blind = await makeToken(clouds, ["DNS Write"]);
    assert.match((await credential(blind.value).lacks())[0]?.seen ?? "", /cannot read such a zone/);
    const mute = await makeToken(clouds, ["Zone Read"]);
    assert.match((await credential(mute.value).lacks())[0]?.expected ?? "", /DNS Write/);
    assert.match((await credential("x".repeat(40)).lacks())[0]?.seen ?? "", /deleted, expired/);
  });

  it("fails the proof without the permission to write", async () => {
    const { value } = await makeToken(clouds, ["Zone Read", "DNS Read"]);
    const token = credential(value);
    assert.deepEqual(await token.lacks(), []);
    assert.equal(
      await token.prove(),
      `The token lacks the permission DNS Write on the zone ${DOMAIN}`,
    );
  });

  it("has excess permissions with additional groups and zones", async () => {
    const resources = { ...zoneResource(ZONE_ID), ...zoneResource(OTHER_ZONE_ID) };
    const { value } = await makeToken(clouds, ["Zone Read", "DNS Write", "Zone Write"], resources);
    const zones = await credential(value).excess();
    assert.equal(zones.length, 1);
    assert.match(zones[0] ?? "", /^read the zone /);
    assert.deepEqual(
      await credential(value, undefined, clouds.running.cloudflareAdminToken).excess(),
      [...zones, "use the permission Zone Write"],
    );
  });

  it("shows its expiry to itself, and its age only to its owner", async () => {
    const end = "2099-01-01T00:00:00Z";
    const { value } = await makeToken(clouds, undefined, undefined, { expires_on: end });
    // Only the owner's credential shows the age.
    assert.deepEqual(await credential(value).life(), { expiresAt: end });
    const endless = await makeToken(clouds);
    await assert.rejects(credential(endless.value).life(), NotAvailable);
    const life = await credential(value, undefined, clouds.running.cloudflareAdminToken).life();
    assert.equal(life.expiresAt, end);
    assert.match(life.createdAt ?? "", /^\d{4}-\d\d-\d\dT/);
    const created = { createdAt: "2026-01-01T00:00:00Z" };
    assert.equal((await credential(value, created).life()).createdAt, created.createdAt);
  });

  it("is found by the account that owns it, if an account token is provided", async () => {
    const end = "2099-01-01T00:00:00Z";
    const path = `/accounts/${ACCOUNT_ID}/tokens`;
    const { value } = await makeToken(clouds, undefined, undefined, { expires_on: end }, path);
    assert.deepEqual(await credential(value).life(), { expiresAt: end });
    const owned = credential(value, undefined, clouds.running.cloudflareAdminToken);
    const life = await owned.life();
    assert.equal(life.expiresAt, end);
    assert.match(life.createdAt ?? "", /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(await owned.lacks(), []);
    assert.deepEqual(await owned.excess(), []);
  });

  it("is counted with the other tokens of its name", async () => {
    const { value } = await makeToken(clouds);
    await makeToken(clouds);
    const token = credential(value, { owner: "acme" }, clouds.running.cloudflareAdminToken);
    assert.deepEqual(await token.count(), { count: 2, what: "tokens named acme" });
    await assert.rejects(credential(value).count(), NotAvailable);
    await assert.rejects(
      credential(value, { owner: "acme" }, "y".repeat(40)).count(),
      NotAvailable,
    );
  });

  it("is tested without the operator's credentials from the environment", async () => {
    const sent: IncomingHttpHeaders[] = [];
    const server = createServer(({ headers }, response) => {
      sent.push(headers);
      response.writeHead(403, { "content-type": "application/json" }).end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const variables = ["CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_USER_SERVICE_KEY"];
    const before = variables.map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, Object.fromEntries(variables.map((name) => [name, "OPERATORS"])));
    try {
      const { port } = server.address() as AddressInfo;
      const token = "t".repeat(40);
      const access = {
        googleCloud: {},
        cloudflare: { endpoint: `http://127.0.0.1:${port}`, apiToken: "o".repeat(40) },
      };
      const own = cloudflareCredential(token, { host, domain: DOMAIN, created: undefined }, access);
      await Promise.allSettled([own.lacks(), own.life(), own.zone()]);
      assert(sent.length >= 2, String(sent.length));
      for (const headers of sent) {
        assert.equal(headers.authorization, `Bearer ${token}`);
        assert.doesNotMatch(JSON.stringify(headers), /OPERATORS/);
      }
    } finally {
      server.close();
      for (const [name, value] of before) {
        if (value === undefined) {
          Reflect.deleteProperty(process.env, name);
        } else {
          process.env[name] = value;
        }
      }
    }
  });

  for (const status of [403, 429, 500]) {
    it(`shows nothing of a ${status} response that repeats the request`, async () => {
      const { value } = await makeToken(clouds);
      const admin = clouds.running.cloudflareAdminToken;
      const methods = ["lacks", "excess", "life", "count", "zone", "prove"] as const;
      const all = async (match: string) => {
        const token = credential(value, { owner: "acme" }, admin);
        // The client retries temporary failures.
        await clouds.control("cloudflare", "POST", "faults", {
          match,
          status,
          echo: true,
          times: 100,
        });
        const results = await Promise.all(
          methods.map((method) => token[method]().catch((error: unknown) => String(error))),
        );
        await clouds.control("cloudflare", "DELETE", "faults");
        return JSON.stringify(results);
      };
      const text = (await all("/zones")) + (await all("/user/tokens(\\?|/(?!verify)|$)"));
      assert.match(text, new RegExp(`Cloudflare responds with ${status}`));
      assert(!text.includes(value) && !text.includes(admin), "it shows a token");
    });
  }

  it("does not show an operator's credential that cannot be sent", async () => {
    const { value } = await makeToken(clouds);
    const token = credential(value, { owner: "acme" }, "SENTINEL-\u20ac");
    for (const call of [() => token.life(), () => token.count()]) {
      await assert.rejects(call(), (error: unknown) => {
        assert(error instanceof NotAvailable);
        assert.doesNotMatch(error.message, /SENTINEL/);
        assert.match(
          error.message,
          /CLOUDFLARE_API_TOKEN contains a line break, a blank or another/,
        );
        return true;
      });
    }
  });

  it("is not reported as defective if Cloudflare does not respond", async () => {
    const { value } = await makeToken(clouds);
    const token = credential(value);
    await clouds.close();
    await assert.rejects(token.lacks(), NotAvailable);
    await assert.rejects(token.excess(), NotAvailable);
  });
});
