import assert from "node:assert/strict";
import type { CloudflareResult } from "./bodies.ts";
import {
  ACCOUNT_ID,
  makeToken,
  OTHER_ZONE_ID,
  tokenRequest,
  ZONE_ID,
  zoneResource,
} from "./cloudflareSupport.ts";
import { Clouds } from "./support.ts";

const HOUR_MS = 3600 * 1000;
const ZONE_SCOPE = "com.cloudflare.api.account.zone";

describe("API tokens of Cloudflare", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  it("have their value only in the response that creates them", async () => {
    const made = await makeToken(clouds);
    assert.match(made.value, /^[0-9A-Za-z\-_]{40,80}$/);
    assert.equal(made.status, "active");
    const path = `/user/tokens/${made.id}`;
    const { body: read } = await clouds.cloudflare("GET", path);
    assert.equal("value" in read.result, false);
    assert.deepEqual(read.result.policies[0].resources, zoneResource());
    assert.deepEqual(
      read.result.policies[0].permission_groups.map(({ name }) => name),
      ["Zone Read", "DNS Write"],
    );
    const { body: list } = await clouds.cloudflare<readonly object[]>("GET", "/user/tokens");
    assert.equal(list.result_info.total_count, 1);
    assert.equal(JSON.stringify(list).includes(made.value), false);
  });

  it("are replaced as a whole and keep their value", async () => {
    const expiry = { expires_on: "2999-01-01T00:00:00Z" };
    const made = await makeToken(clouds, ["Zone Read"], zoneResource(), expiry);
    assert.equal(made.expires_on, expiry.expires_on);
    const request = await tokenRequest(clouds, ["DNS Read"], zoneResource(OTHER_ZONE_ID));
    const { body } = await clouds.cloudflare("PUT", `/user/tokens/${made.id}`, request);
    assert.equal("expires_on" in body.result, false);
    assert.equal("value" in body.result, false);
    assert.equal((await records(made.value, OTHER_ZONE_ID)).status, 200);
    assert.equal((await records(made.value, ZONE_ID)).status, 403);
  });

  it("can get a new value, which invalidates the old one", async () => {
    const made = await makeToken(clouds);
    const { body } = await clouds.cloudflare<string>("PUT", `/user/tokens/${made.id}/value`, {});
    assert.equal((await records(made.value)).status, 403);
    assert.equal((await records(body.result)).status, 200);
  });

  it("are invalid after deletion, and cannot be deleted twice", async () => {
    const made = await makeToken(clouds);
    const path = `/user/tokens/${made.id}`;
    assert.equal((await clouds.cloudflare("DELETE", path)).body.result.id, made.id);
    assert.equal((await clouds.cloudflare("DELETE", path)).status, 404);
    assert.equal((await clouds.cloudflare("GET", path)).status, 404);
    const { status, body } = await records(made.value);
    assert.equal(status, 403);
    assert.equal(body.errors[0].code, 9109);
    const verify = await clouds.cloudflare("GET", "/user/tokens/verify", undefined, made.value);
    assert.equal(verify.status, 401);
    assert.equal(verify.body.errors[0].message, "Invalid API Token");
    assert.equal(verify.body.errors[0].code, 1000);
  });

  it("verify themselves", async () => {
    const made = await makeToken(clouds);
    const { body } = await clouds.cloudflare("GET", "/user/tokens/verify", undefined, made.value);
    assert.equal(body.result.id, made.id);
    assert.equal(body.result.status, "active");
    assert.equal(body.messages[0].message, "This API Token is valid and active");
  });

  it("are valid between not_before and expires_on", async () => {
    const at = (offset: number) => new Date(Date.now() + offset).toISOString();
    const made = await makeToken(clouds, ["DNS Write"], zoneResource(), {
      not_before: at(HOUR_MS),
      expires_on: at(3 * HOUR_MS),
    });
    const verified = async () =>
      (await clouds.cloudflare("GET", "/user/tokens/verify", undefined, made.value)).body.result
        .status;
    assert.equal((await records(made.value)).status, 403);
    clouds.pass(2 * HOUR_MS);
    assert.equal((await records(made.value)).status, 200);
    assert.equal(await verified(), "active");
    clouds.pass(2 * HOUR_MS);
    assert.equal((await records(made.value)).status, 403);
    assert.equal(await verified(), "expired");
    const { body } = await clouds.cloudflare("GET", `/user/tokens/${made.id}`);
    assert.equal(body.result.status, "expired");
  });

  it("are invalid while they are disabled", async () => {
    const made = await makeToken(clouds);
    const request = await tokenRequest(clouds, ["DNS Write"], undefined, { status: "disabled" });
    await clouds.cloudflare("PUT", `/user/tokens/${made.id}`, request);
    assert.equal((await records(made.value)).status, 403);
  });

  it("are unknown until they have propagated", async () => {
    await clouds.control("cloudflare", "PATCH", "settings", { tokenDelayMs: 60_000 });
    const made = await makeToken(clouds);
    assert.equal((await records(made.value)).status, 403);
    clouds.pass(60_000);
    assert.equal((await records(made.value)).status, 200);
  });

  it("work only from the addresses of their condition", async () => {
    const condition = { request_ip: { in: ["203.0.113.0/24"], not_in: ["203.0.113.9"] } };
    const made = await makeToken(clouds, ["DNS Write"], zoneResource(), { condition });
    assert.deepEqual(made.condition, condition);
    const from = async (sourceAddress: string) => {
      await clouds.control("cloudflare", "PATCH", "settings", { sourceAddress });
      return await records(made.value);
    };
    const local = await from("");
    assert.equal(local.status, 403);
    assert.equal(
      local.body.errors[0].message,
      "Cannot use the access token from location: 127.0.0.1",
    );
    assert.equal((await from("203.0.113.7")).status, 200);
    assert.equal((await from("203.0.113.9")).status, 403);
    assert.equal((await from("2001:db8::1")).status, 403);
  });

  it("are required: a missing, a malformed and an unknown one are refused", async () => {
    const none = await clouds.cloudflare("GET", "/zones", undefined, null);
    assert.deepEqual([none.status, none.body.errors[0].code], [400, 9106]);
    const malformed = await clouds.cloudflare("GET", "/zones", undefined, "too-short");
    assert.deepEqual([malformed.status, malformed.body.errors[0].code], [400, 6003]);
    assert.equal(malformed.body.errors[0].error_chain[0].code, 6111);
    const unknown = await clouds.cloudflare("GET", "/zones", undefined, "x".repeat(40));
    assert.deepEqual([unknown.status, unknown.body.errors[0].code], [403, 9109]);
  });

  it("are not required with a global API key, which is unknown here", async () => {
    const response = await fetch(`${clouds.running.cloudflareUrl}/zones`, {
      headers: { "x-auth-key": "c".repeat(37), "x-auth-email": "operator@example.test" },
    });
    const { errors } = (await response.json()) as { readonly errors: readonly { code: number }[] };
    assert.deepEqual([response.status, errors[0]?.code], [403, 9103]);
  });

  const wrong: [what: string, change: object, message: RegExp][] = [
    ["no name", { name: "" }, /^name must have/],
    ["no policies", { policies: [] }, /^policies must not be empty/],
    ["an expiry in the past", { expires_on: "2020-01-01T00:00:00Z" }, /^expires_on must be in/],
    ["a time without a zone", { not_before: "2020-01-01" }, /^not_before must be an RFC 3339/],
    [
      "an invalid address",
      { condition: { request_ip: { in: ["10.0.0.0/33"] } } },
      /^10\.0\.0\.0\/33 is not an address/,
    ],
    ["an unknown group", policy("f".repeat(32), zoneResource()), /^permission group f+ does not/],
    [
      "a group of zones on an account",
      policy("4755a26eedb94da69e1066d98aa820be", {
        [`com.cloudflare.api.account.${ACCOUNT_ID}`]: "*",
      }),
      /^every permission group must apply/,
    ],
    [
      "an invalid resource",
      policy("4755a26eedb94da69e1066d98aa820be", { "acme.test": "*" }),
      /^acme\.test is not a resource/,
    ],
  ];
  for (const [what, change, message] of wrong) {
    it(`are not created with ${what}`, async () => {
      const request = { ...(await tokenRequest(clouds, ["DNS Write"])), ...change };
      const { status, body } = await clouds.cloudflare("POST", "/user/tokens", request);
      assert.equal(status, 400);
      assert.match(body.errors[0].message, message);
    });
  }

  function policy(id: string, resources: object): object {
    return { policies: [{ effect: "allow", permission_groups: [{ id }], resources }] };
  }

  it("create other tokens only with the permission to do so", async () => {
    const made = await makeToken(clouds);
    const request = await tokenRequest(clouds, ["DNS Write"]);
    const { status, body } = await clouds.cloudflare("POST", "/user/tokens", request, made.value);
    assert.equal(status, 403);
    assert.equal(body.errors[0].code, 10000);
    const userId = (await stateOf(clouds)).userId;
    const maker = await makeToken(clouds, ["API Tokens Write"], {
      [`com.cloudflare.api.user.${userId}`]: "*",
    });
    assert.equal(
      (await clouds.cloudflare("POST", "/user/tokens", request, maker.value)).status,
      200,
    );
  });

  it("can belong to an account, separate from the user's", async () => {
    const path = `/accounts/${ACCOUNT_ID}/tokens`;
    const made = await makeToken(clouds, ["DNS Write"], zoneResource(), {}, path);
    assert.match(made.value, /^cfat_/);
    assert.equal((await records(made.value)).status, 200);
    const verify = (at: string) => clouds.cloudflare("GET", `${at}/verify`, undefined, made.value);
    assert.equal((await verify("/user/tokens")).body.errors[0].code, 1000);
    assert.equal((await verify(path)).body.result.status, "active");
    assert.equal((await clouds.cloudflare("GET", `/user/tokens/${made.id}`)).status, 404);
    assert.equal((await clouds.cloudflare("GET", `${path}/${made.id}`)).status, 200);
    const accounts = await clouds.cloudflare("GET", "/accounts", undefined, made.value);
    assert.match(accounts.body.errors[0].message, /does not support account owned tokens/);
    assert.equal((await clouds.cloudflare("DELETE", `${path}/${made.id}`)).status, 200);
    assert.equal((await clouds.cloudflare("GET", "/accounts/unknown/tokens")).status, 404);
  });

  it("have permission groups that are found by name and scope, on a finite number of pages", async () => {
    const list = async (query: string, path = "/user/tokens") => {
      const { body } = await clouds.cloudflare<readonly CloudflareResult[]>(
        "GET",
        `${path}/permission_groups?${query}`,
      );
      return body.result;
    };
    const [read] = await list("name=Zone%20Read");
    assert.deepEqual(read, {
      id: "c8fed203ed3043cba015a93ad1616f1f",
      name: "Zone Read",
      scopes: [ZONE_SCOPE],
    });
    const [write] = await list("name=DNS%20Write");
    assert.equal(write?.id, "4755a26eedb94da69e1066d98aa820be");
    const twice = "name=Access%3A%20Apps%20and%20Policies%20Write";
    assert.equal((await list(twice)).length, 2);
    assert.equal((await list(`${twice}&scope=${ZONE_SCOPE}`)).length, 1);
    assert.deepEqual(await list("name=DNS"), []);
    assert.deepEqual(await list("page=2"), []);
    const ofAccount = await list("", `/accounts/${ACCOUNT_ID}/tokens`);
    assert.equal(
      ofAccount.some(({ scopes }) => scopes.includes("com.cloudflare.api.user")),
      false,
    );
  });

  function records(token: string, zone = ZONE_ID) {
    return clouds.cloudflare("GET", `/zones/${zone}/dns_records`, undefined, token);
  }
});

async function stateOf(clouds: Clouds): Promise<{ userId: string }> {
  const { body } = await clouds.control("cloudflare", "GET", "state");
  return body as unknown as { userId: string };
}
