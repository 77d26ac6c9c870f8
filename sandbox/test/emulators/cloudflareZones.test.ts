import assert from "node:assert/strict";
import type { CloudflareResult } from "./bodies.ts";
import {
  ACCOUNT_ID,
  makeToken,
  OTHER_ZONE_ID,
  ZONE_ID,
  zoneResource,
} from "./cloudflareSupport.ts";
import { Clouds, DOMAIN } from "./support.ts";

const RECORDS = `/zones/${ZONE_ID}/dns_records`;
const RECORD = { type: "TXT", name: `_akash-proof.${DOMAIN}`, content: '"proof"', ttl: 120 };

describe("permissions of Cloudflare's tokens", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  const allZones = zoneResource("*");
  const accountZones = {
    [`com.cloudflare.api.account.${ACCOUNT_ID}`]: { "com.cloudflare.api.account.zone.*": "*" },
  };
  const otherAccountZones = {
    [`com.cloudflare.api.account.${"b".repeat(32)}`]: { "com.cloudflare.api.account.zone.*": "*" },
  };

  /**
   * The number of zones in the list, then the status of the requests for the zone, its records, a new record, the
   * other zone's records.
   */
  const matrix: [groups: string[], resources: object, on: string, open: number[]][] = [
    [["Zone Read", "DNS Write"], zoneResource(), "the zone", [1, 200, 200, 200, 403]],
    [["DNS Write"], zoneResource(), "the zone", [0, 403, 200, 200, 403]],
    [["Zone Read", "DNS Read"], zoneResource(), "the zone", [1, 200, 200, 403, 403]],
    [["Zone Read"], zoneResource(), "the zone", [1, 200, 403, 403, 403]],
    [["Zone Write"], zoneResource(), "the zone", [1, 200, 403, 403, 403]],
    [["Zone Settings Write"], zoneResource(), "the zone", [0, 403, 403, 403, 403]],
    [
      ["Zone Read", "DNS Write"],
      zoneResource(OTHER_ZONE_ID),
      "another zone",
      [1, 403, 403, 403, 200],
    ],
    [["Zone Read", "DNS Write"], allZones, "all zones", [2, 200, 200, 200, 200]],
    [["Zone Read", "DNS Write"], accountZones, "an account's zones", [2, 200, 200, 200, 200]],
    [
      ["Zone Read", "DNS Write"],
      otherAccountZones,
      "another account's zones",
      [0, 403, 403, 403, 403],
    ],
  ];
  for (const [groups, resources, on, open] of matrix) {
    it(`are those of ${groups.join(" and ")} on ${on}`, async () => {
      const { value } = await makeToken(clouds, groups, resources);
      const zones = await clouds.cloudflare("GET", "/zones", undefined, value);
      const statuses = await statusesOf(value);
      assert.deepEqual([zones.body.result_info.total_count, ...statuses], open);
    });
  }

  async function statusesOf(token: string): Promise<number[]> {
    const calls: [method: string, path: string][] = [
      ["GET", `/zones/${ZONE_ID}`],
      ["GET", RECORDS],
      ["POST", RECORDS],
      ["GET", `/zones/${OTHER_ZONE_ID}/dns_records`],
    ];
    const statuses: number[] = [];
    for (const [method, path] of calls) {
      const body = method === "POST" ? RECORD : undefined;
      statuses.push((await clouds.cloudflare(method, path, body, token)).status);
    }
    return statuses;
  }

  it("are removed by a policy that denies", async () => {
    const [allow, deny] = [zoneResource("*"), zoneResource(OTHER_ZONE_ID)];
    const group = [{ id: "4755a26eedb94da69e1066d98aa820be" }];
    const { body } = await clouds.cloudflare("POST", "/user/tokens", {
      name: "all but one",
      policies: [
        { effect: "allow", permission_groups: group, resources: allow },
        { effect: "deny", permission_groups: group, resources: deny },
      ],
    });
    assert.deepEqual(await statusesOf(body.result.value), [403, 200, 200, 403]);
  });

  it("are named in the list of calls if they were missing", async () => {
    const { id, value } = await makeToken(clouds, ["DNS Write"]);
    const refused = await clouds.cloudflare("GET", `/zones/${ZONE_ID}`, undefined, value);
    assert.equal(refused.body.errors[0].code, 9109);
    const { body } = await clouds.control("cloudflare", "GET", "calls");
    assert.equal(body.calls.at(-1)?.denied, "Zone Read");
    assert.equal(body.calls.at(-1)?.who, id);
  });

  it("disclose nothing about zones that a token may not read", async () => {
    const { value } = await makeToken(clouds);
    const unknown = await clouds.cloudflare("GET", `/zones/${"f".repeat(32)}`, undefined, value);
    assert.deepEqual([unknown.status, unknown.body.errors[0].code], [403, 9109]);
    const malformed = await clouds.cloudflare("GET", `/zones/${DOMAIN}`, undefined, value);
    assert.deepEqual([malformed.status, malformed.body.errors[0].code], [404, 7003]);
    const nowhere = await clouds.cloudflare("GET", "/nowhere", undefined, value);
    assert.deepEqual([nowhere.status, nowhere.body.errors[0].code], [404, 7003]);
  });
});

describe("zones of Cloudflare", () => {
  let clouds: Clouds;

  before(async () => {
    clouds = await Clouds.seeded();
  });

  after(() => clouds.close());

  it("are listed by name, account and page", async () => {
    const count = async (query: string) => {
      const { body } = await clouds.cloudflare<readonly CloudflareResult[]>(
        "GET",
        `/zones?${query}`,
      );
      return [body.result.length, body.result_info.total_count];
    };
    assert.deepEqual(await count(""), [2, 2]);
    assert.deepEqual(await count(`name=${DOMAIN}&status=active`), [1, 1]);
    assert.deepEqual(await count(`account.id=${ACCOUNT_ID}`), [2, 2]);
    assert.deepEqual(await count("account.name=Nobody"), [0, 0]);
    assert.deepEqual(await count("per_page=1&page=2"), [1, 2]);
    assert.deepEqual(await count("page=2"), [0, 2]);
  });

  it("are read by id, as are accounts", async () => {
    const { body } = await clouds.cloudflare("GET", `/zones/${ZONE_ID}`);
    assert.equal(body.result.name, DOMAIN);
    assert.deepEqual(body.result.account, { id: ACCOUNT_ID, name: "Acme" });
    const { body: account } = await clouds.cloudflare("GET", `/accounts/${ACCOUNT_ID}`);
    assert.equal(account.result.name, "Acme");
    const { body: accounts } = await clouds.cloudflare("GET", "/accounts");
    assert.equal(accounts.result_info.total_count, 1);
  });
});

describe("new zones of Cloudflare", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  const wanted = { name: "Third.test", account: { id: ACCOUNT_ID } };

  it("are created, wait for their name servers, are changed, and are deleted with their records", async () => {
    const made = await clouds.cloudflare("POST", "/zones", { ...wanted, type: "full" });
    assert.equal(made.status, 200);
    const { id, name, status, name_servers: nameServers } = made.body.result;
    assert.deepEqual([name, status, nameServers.length], ["third.test", "pending", 2]);
    const path = `/zones/${id}`;
    const active = await clouds.cloudflare("GET", "/zones?name=third.test&status=active");
    assert.equal(active.body.result_info.total_count, 0);

    const record = { type: "TXT", name: "_akash-proof", content: "proof" };
    assert.equal((await clouds.cloudflare("POST", `${path}/dns_records`, record)).status, 200);
    const paused = await clouds.cloudflare("PATCH", path, { paused: true });
    assert.deepEqual([paused.body.result.paused, paused.body.result.status], [true, "pending"]);

    assert.equal((await clouds.cloudflare("DELETE", path)).body.result.id, id);
    assert.equal((await clouds.cloudflare("GET", path)).status, 404);
    const { body } = await clouds.control("cloudflare", "GET", "state");
    assert.deepEqual(body.records, []);
  });

  it("are not created twice, without an account or in a missing account", async () => {
    const create = async (zone: object) => {
      const { status, body } = await clouds.cloudflare("POST", "/zones", zone);
      return [status, body.errors[0].code];
    };
    assert.deepEqual(await create({ ...wanted, name: DOMAIN }), [400, 1061]);
    assert.deepEqual(await create({ name: "third.test" }), [400, 1068]);
    assert.deepEqual(await create({ ...wanted, account: { id: "b".repeat(32) } }), [403, 0]);
  });

  it("require Zone Write on all zones of the account", async () => {
    const { value } = await makeToken(clouds, ["Zone Write"]);
    const refused = await clouds.cloudflare("POST", "/zones", wanted, value);
    assert.deepEqual([refused.status, refused.body.errors[0].code], [403, 0]);
    const { body } = await clouds.control("cloudflare", "GET", "calls");
    assert.equal(body.calls.at(-1)?.denied, "Zone Write");

    const all = {
      [`com.cloudflare.api.account.${ACCOUNT_ID}`]: { "com.cloudflare.api.account.zone.*": "*" },
    };
    const reader = await makeToken(clouds, ["Zone Read", "DNS Write"], all);
    assert.equal((await clouds.cloudflare("POST", "/zones", wanted, reader.value)).status, 403);
    const writer = await makeToken(clouds, ["Zone Write"], all);
    assert.equal((await clouds.cloudflare("POST", "/zones", wanted, writer.value)).status, 200);
    const gone = await clouds.cloudflare("DELETE", `/zones/${ZONE_ID}`, undefined, reader.value);
    assert.deepEqual([gone.status, gone.body.errors[0].code], [403, 10000]);
  });
});

describe("DNS records of Cloudflare", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  it("are created, read, filtered, changed and deleted", async () => {
    const made = await create(RECORD);
    assert.equal(made.status, 200);
    const { id } = made.body.result;
    const path = `${RECORDS}/${id}`;
    assert.equal((await clouds.cloudflare("GET", path)).body.result.content, '"proof"');

    const patched = await clouds.cloudflare("PATCH", path, { comment: "proof" });
    assert.deepEqual([patched.body.result.ttl, patched.body.result.comment], [120, "proof"]);
    const replaced = await clouds.cloudflare("PUT", path, { ...RECORD, ttl: undefined });
    assert.deepEqual([replaced.body.result.ttl, replaced.body.result.comment], [1, null]);

    assert.equal((await clouds.cloudflare("DELETE", path)).body.result.id, id);
    for (const method of ["GET", "DELETE"]) {
      const gone = await clouds.cloudflare(method, path);
      assert.deepEqual([gone.status, gone.body.errors[0].code], [404, 81044]);
    }
  });

  it("are filtered by name, type and content", async () => {
    await create(RECORD);
    await create({ ...RECORD, content: "second" });
    await create({ type: "A", name: "www", content: "192.0.2.1" });
    const count = async (query: string) =>
      (await clouds.cloudflare("GET", `${RECORDS}?${query}`)).body.result_info.total_count;
    assert.equal(await count(""), 3);
    assert.equal(await count(`name=${RECORD.name}`), 2);
    assert.equal(await count(`name.exact=${RECORD.name}&type=TXT`), 2);
    assert.equal(await count("content.exact=proof"), 1);
    assert.equal(await count("content=%22second%22"), 1);
    assert.equal(await count(`name=www.${DOMAIN}`), 1, "a short name is relative to the zone");
  });

  it("are not created twice, regardless of quotes", async () => {
    await create(RECORD);
    for (const content of ['"proof"', "proof"]) {
      const { status, body } = await create({ ...RECORD, content });
      assert.equal(status, 400);
      assert.equal(body.errors[0].code, 81058);
      assert.equal(body.errors[0].message, "An identical record already exists.");
    }
  });

  const wrong: [what: string, change: object, code: number][] = [
    ["a name", { name: "" }, 9000],
    ["a type", { type: undefined }, 9004],
    ["content", { content: "" }, 9005],
    ["an address in an A record", { type: "A", content: "not an address" }, 9005],
    ["a TTL in range", { ttl: 5 }, 9021],
  ];
  for (const [what, change, code] of wrong) {
    it(`are not created without ${what}`, async () => {
      const { status, body } = await create({ ...RECORD, ...change });
      assert.equal(status, 400);
      assert.equal(body.errors[0].code, 1004);
      assert.equal(body.errors[0].error_chain[0].code, code);
    });
  }

  function create(record: object) {
    return clouds.cloudflare("POST", RECORDS, record);
  }
});
