import assert from "node:assert/strict";
import { isSecret, opened, PluginClient, type Properties, secret, UNKNOWN } from "./client.ts";
import { emulators } from "./emulators.ts";

const USER = "cloudflare:index/apiToken:ApiToken";
const ACCOUNT = "cloudflare:index/accountToken:AccountToken";
const ZONE = "cloudflare:index/zone:Zone";
const GET_ZONE = "cloudflare:index/getZone:getZone";
const GROUPS = "cloudflare:index/getApiTokenPermissionGroupsList:getApiTokenPermissionGroupsList";
const ACCOUNT_GROUPS =
  "cloudflare:index/getAccountApiTokenPermissionGroupsList:getAccountApiTokenPermissionGroupsList";

const ZONE_READ = "c8fed203ed3043cba015a93ad1616f1f";
const DNS_WRITE = "4755a26eedb94da69e1066d98aa820be";

describe("the stand-in for the cloudflare plugin", function () {
  this.timeout(20_000);

  let cloud: Awaited<ReturnType<typeof emulators>>;
  let plugin: PluginClient;
  let zoneId: string;
  let accountId: string;

  const inputs = (more: Properties = {}): Properties => ({
    name: "akash",
    policies: [
      {
        effect: "allow",
        permissionGroups: [{ id: ZONE_READ }, { id: DNS_WRITE }],
        resources: JSON.stringify({ [`com.cloudflare.api.account.zone.${zoneId}`]: "*" }),
      },
    ],
    ...more,
  });

  before(async () => {
    cloud = await emulators();
    const seeded = await cloud.cloudflare.seed({
      accounts: [{ name: "Akash" }],
      zones: [{ name: "example.com", account: "Akash" }, { name: "example.org" }],
    });
    zoneId = (seeded.zones as { id: string }[])[0]?.id ?? "";
    accountId = (seeded.accounts as { id: string }[])[0]?.id ?? "";
    plugin = await PluginClient.start("cloudflare");
    await plugin.configure({
      baseUrl: cloud.cloudflareUrl,
      apiToken: secret(cloud.cloudflareAdminToken),
    });
  });

  after(async () => {
    await plugin.stop();
    await cloud.close();
  });

  afterEach(() => cloud.cloudflare.reset());

  it("reads address and token from the environment if the program sets none", async () => {
    const other = await PluginClient.start("cloudflare", {
      CLOUDFLARE_BASE_URL: cloud.cloudflareUrl,
      CLOUDFLARE_API_TOKEN: cloud.cloudflareAdminToken,
    });
    try {
      await other.configure({});
      assert.equal((await other.invoke(GET_ZONE, { zoneId })).name, "example.com");
    } finally {
      await other.stop();
    }
  });

  it("creates a token with a secret value, and shows no difference afterwards", async () => {
    const wanted = inputs({
      expiresOn: "2099-01-01T00:00:00+00:00",
      condition: { requestIp: { ins: ["192.0.2.0/24"] } },
    });
    const { id, outputs, inputs: checked } = await plugin.make(USER, wanted);
    assert.ok(isSecret(outputs.value));
    assert.match(String(opened(outputs).value), /^[\w-]{40}$/);
    assert.deepEqual(outputs.policies, wanted.policies);
    assert.deepEqual(outputs.condition, wanted.condition);
    assert.equal(outputs.expiresOn, wanted.expiresOn);
    assert.equal(outputs.status, "active");
    const state = opened(outputs);
    assert.equal((await plugin.diff(USER, state, checked)).changed, false);
    const found = await plugin.read(USER, id, state, checked);
    assert.deepEqual(opened(found?.outputs ?? {}), state);
    assert.deepEqual(found?.inputs, checked);
  });

  it("previews a new token except for the values that Cloudflare sets", async () => {
    const { outputs } = await plugin.create(USER, inputs(), true);
    assert.deepEqual(opened(outputs).value, UNKNOWN);
    assert.equal(outputs.name, "akash");
    assert.equal(outputs.status, UNKNOWN);
  });

  it("updates a token in place: one PUT, the same value, unknown only in the preview", async () => {
    const { id, outputs } = await plugin.make(USER, inputs());
    const state = opened(outputs);
    const wanted = inputs({ name: "renamed", expiresOn: "2099-01-01T00:00:00Z" });
    const change = await plugin.diff(USER, state, wanted);
    assert.deepEqual(change.replaces, []);
    assert.deepEqual([...change.diffs].sort(), ["expiresOn", "name"]);
    const foreseen = opened(await plugin.update(USER, id, state, wanted, true));
    assert.equal(foreseen.value, UNKNOWN);
    let updated: Properties = {};
    const calls = await cloud.cloudflare.callsOf(async () => {
      updated = opened(await plugin.update(USER, id, state, wanted));
    });
    assert.deepEqual(calls, [`PUT /client/v4/user/tokens/${id}`]);
    assert.equal(updated.value, state.value);
    assert.equal(updated.name, "renamed");
    assert.equal((await plugin.diff(USER, updated, wanted)).changed, false);
  });

  it("keeps the value of an account's token in an update, and replaces it for another account", async () => {
    const wanted = inputs({ accountId });
    const { id, outputs } = await plugin.make(ACCOUNT, wanted);
    const state = opened(outputs);
    const foreseen = await plugin.update(ACCOUNT, id, state, { ...wanted, name: "b" }, true);
    assert.equal(opened(foreseen).value, state.value);
    const change = await plugin.diff(ACCOUNT, state, { ...wanted, accountId: "0".repeat(32) });
    assert.deepEqual(change.replaces, ["accountId"]);
    assert.equal(change.deleteBeforeReplace, false);
    const imported = await plugin.read(ACCOUNT, `${accountId}/${id}`);
    assert.equal(imported?.id, id);
    assert.equal(imported.outputs.value, undefined);
    assert.equal(imported.inputs.accountId, accountId);
  });

  it("treats policies as a set, but a changed scope as a change", async () => {
    const { outputs } = await plugin.make(USER, inputs());
    const [policy] = inputs().policies as Properties[];
    const withGroups = (...ids: string[]) =>
      inputs({ policies: [{ ...policy, permissionGroups: ids.map((id) => ({ id })) }] });
    const turned = await plugin.diff(USER, opened(outputs), withGroups(DNS_WRITE, ZONE_READ));
    assert.equal(turned.changed, false);
    const narrower = await plugin.diff(USER, opened(outputs), withGroups(DNS_WRITE));
    assert.deepEqual(narrower.diffs, ["policies"]);
  });

  it("treats a missing token as deleted when it reads, and as an error when it deletes", async () => {
    const { id, outputs } = await plugin.make(USER, inputs());
    await plugin.delete(USER, id, opened(outputs));
    assert.equal(await plugin.read(USER, id, opened(outputs)), undefined);
    await assert.rejects(
      plugin.delete(USER, id, opened(outputs)),
      /^Error: failed to make http request: DELETE "http:\S+\/user\/tokens\/\w+": 404 Not Found \{.*"code":1003,"message":"Token not found"/,
    );
  });

  it("retries twice after 429 and 500, then fails with Cloudflare's message", async () => {
    await cloud.cloudflare.fail({ match: "^POST /client/v4/user/tokens$", status: 429 });
    await cloud.cloudflare.fail({ match: "^POST /client/v4/user/tokens$", status: 500 });
    const calls = await cloud.cloudflare.callsOf(() => plugin.make(USER, inputs()));
    assert.equal(calls.length, 3);
    await cloud.cloudflare.fail({ match: "^POST", status: 500, times: 9 });
    const failed = await cloud.cloudflare.callsOf(async () => {
      await assert.rejects(
        plugin.make(USER, inputs()),
        /user\/tokens": 500 Internal Server Error /,
      );
    });
    assert.equal(failed.length, 3);
  });

  it("does not retry after 403, and never shows its token", async () => {
    await cloud.cloudflare.fail({ match: "^POST", status: 403 });
    const calls = await cloud.cloudflare.callsOf(async () => {
      await assert.rejects(plugin.make(USER, inputs()), (error: Error) => {
        assert.match(error.message, /^failed to make http request: POST .*: 403 /);
        assert.ok(!error.message.includes(cloud.cloudflareAdminToken));
        return true;
      });
    });
    assert.equal(calls.length, 1);
    assert.ok(!plugin.output.includes(cloud.cloudflareAdminToken));
  });

  it("finds a zone by its id, and by a filter that matches one zone", async () => {
    const byName = await plugin.invoke(GET_ZONE, { filter: { name: "example.com" } });
    assert.equal(byName.zoneId, zoneId);
    assert.deepEqual(byName.account, { id: accountId, name: "Akash" });
    assert.ok(Array.isArray(byName.nameServers));
    await assert.rejects(
      plugin.invoke(GET_ZONE, { filter: { name: "none.test" } }),
      /^Error: failed to find exactly one result: 0 found$/,
    );
    await assert.rejects(
      plugin.invoke(GET_ZONE, { filter: { status: "active" } }),
      /^Error: failed to find exactly one result: 2 found$/,
    );
    const all = await plugin.invoke("cloudflare:index/getZones:getZones", {});
    assert.deepEqual(
      (all.results as { name: string }[]).map(({ name }) => name),
      ["example.com", "example.org"],
    );
  });

  it("creates a zone, shows no difference afterwards, and deletes it", async () => {
    const wanted = { account: { id: accountId }, name: "example.net" };
    const preview = await plugin.create(ZONE, wanted, true);
    assert.equal(preview.outputs.nameServers, UNKNOWN);
    const { id, outputs, inputs: checked } = await plugin.make(ZONE, wanted);
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.deepEqual([outputs.status, outputs.type, outputs.id], ["pending", "full", undefined]);
    assert.deepEqual(outputs.account, { id: accountId, name: "Akash" });
    assert.equal((await plugin.diff(ZONE, outputs, checked)).changed, false);
    const found = await plugin.read(ZONE, id, outputs, checked);
    assert.deepEqual(found?.outputs, outputs);
    assert.equal((await plugin.diff(ZONE, outputs, found.inputs)).changed, false);
    await plugin.delete(ZONE, id, outputs);
    assert.equal(await plugin.read(ZONE, id, outputs), undefined);
  });

  it("updates a zone in place, except for its name and its account", async () => {
    const wanted = { account: { id: accountId }, name: "example.info" };
    const { id, outputs } = await plugin.make(ZONE, wanted);
    const changed = { ...wanted, type: "partial", paused: true };
    assert.deepEqual((await plugin.diff(ZONE, outputs, changed)).replaces, []);
    const updated = await plugin.update(ZONE, id, outputs, changed);
    assert.deepEqual([updated.type, updated.paused], ["partial", true]);
    const elsewhere = { account: { id: "0".repeat(32) }, name: "example.biz" };
    const { replaces } = await plugin.diff(ZONE, updated, elsewhere);
    assert.deepEqual([...replaces].sort(), ["account", "name"]);
    await assert.rejects(plugin.check(ZONE, { ...wanted, type: "half" }), /expected one of full/);
    await plugin.delete(ZONE, id, updated);
  });

  it("finds permission groups by name", async () => {
    const asUser = await plugin.invoke(GROUPS, { name: "DNS Write" });
    assert.deepEqual(asUser.results, [
      { id: DNS_WRITE, name: "DNS Write", scopes: ["com.cloudflare.api.account.zone"] },
    ]);
    const asAccount = await plugin.invoke(ACCOUNT_GROUPS, { accountId, name: "Zone Read" });
    assert.deepEqual(
      (asAccount.results as { id: string }[]).map(({ id }) => id),
      [ZONE_READ],
    );
  });
});
