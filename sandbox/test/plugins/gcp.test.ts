import assert from "node:assert/strict";
import {
  InitializationFailed,
  isSecret,
  opened,
  PluginClient,
  type Properties,
  secret,
  UNKNOWN,
} from "./client.ts";
import { emulators, googleSettings } from "./emulators.ts";

const ACCOUNT = "gcp:serviceaccount/account:Account";
const KEY = "gcp:serviceaccount/key:Key";
const MEMBER = "gcp:projects/iAMMember:IAMMember";
const ZONE_MEMBER = "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember";

const PROJECT_ID = "akash-project";
const ROLE = "roles/dns.admin";

describe("the stand-in for the gcp plugin", function () {
  this.timeout(20_000);

  let cloud: Awaited<ReturnType<typeof emulators>>;
  let plugin: PluginClient;
  let accounts = 0;

  const makeAccount = (more: Properties = {}) => {
    accounts += 1;
    return plugin.make(ACCOUNT, { accountId: `akash-dns-${accounts}`, ...more });
  };

  const makeKey = async (more: Properties = {}) => {
    const { outputs } = await makeAccount();
    return await plugin.make(KEY, { serviceAccountId: outputs.name, ...more });
  };

  const makeMember = async () => {
    const { outputs } = await makeAccount();
    const grant = { project: PROJECT_ID, role: ROLE, member: outputs.member };
    return { grant, ...(await plugin.make(MEMBER, grant)) };
  };

  before(async () => {
    cloud = await emulators();
    await cloud.google.seed({
      projects: [{ projectId: PROJECT_ID, zones: [{ name: "zone", dnsName: "example.com." }] }],
    });
    plugin = await PluginClient.start("gcp");
    await plugin.configure({
      ...googleSettings(cloud.googleUrl),
      accessToken: secret(cloud.googleAdminToken),
      project: PROJECT_ID,
    });
  });

  after(async () => {
    await plugin.stop();
    await cloud.close();
  });

  afterEach(() => cloud.google.reset());

  describe("its settings", () => {
    it("come from the environment if the program sets none", async () => {
      const other = await PluginClient.start("gcp", {
        GOOGLE_DNS_CUSTOM_ENDPOINT: `${cloud.googleUrl}/dns/v1beta2/`,
        GOOGLE_OAUTH_ACCESS_TOKEN: cloud.googleAdminToken,
        GOOGLE_PROJECT: PROJECT_ID,
      });
      try {
        await other.configure({});
        const { managedZones } = await other.invoke("gcp:dns/getManagedZones:getManagedZones", {});
        assert.equal((managedZones as unknown[]).length, 1);
      } finally {
        await other.stop();
      }
    });

    it("can be a service account's key, with only that account's permissions", async () => {
      const { outputs } = await makeKey();
      const credentials = Buffer.from(String(opened(outputs).privateKey), "base64").toString();
      const other = await PluginClient.start("gcp", { GOOGLE_CREDENTIALS: credentials });
      try {
        await other.configure({ ...googleSettings(cloud.googleUrl), project: PROJECT_ID });
        await assert.rejects(
          other.invoke("gcp:dns/getManagedZones:getManagedZones", {}),
          /googleapi: Error 403: Forbidden/,
        );
      } finally {
        await other.stop();
      }
    });

    it("can be a file that impersonates an account, with only that account's permissions", async () => {
      const { outputs } = await makeAccount();
      const credentials = JSON.stringify({
        type: "impersonated_service_account",
        source_credentials: {
          type: "authorized_user",
          client_id: "id",
          client_secret: "secret",
          refresh_token: cloud.googleAdminToken,
          token_uri: `${cloud.googleUrl}/token`,
        },
        service_account_impersonation_url: `${cloud.googleUrl}/v1/projects/-/serviceAccounts/${String(outputs.email)}:generateAccessToken`,
      });
      const other = await PluginClient.start("gcp", { GOOGLE_CREDENTIALS: credentials });
      try {
        await other.configure({ ...googleSettings(cloud.googleUrl), project: PROJECT_ID });
        await assert.rejects(
          other.invoke("gcp:dns/getManagedZones:getManagedZones", {}),
          /googleapi: Error 403: Forbidden/,
        );
      } finally {
        await other.stop();
      }
    });
  });

  describe("Account", () => {
    it("has address and member in the preview", async () => {
      const inputs = await plugin.check(ACCOUNT, { accountId: "akash-dns" });
      const { outputs } = await plugin.create(ACCOUNT, inputs, true);
      const email = `akash-dns@${PROJECT_ID}.iam.gserviceaccount.com`;
      assert.equal(outputs.email, email);
      assert.equal(outputs.member, `serviceAccount:${email}`);
      assert.equal(outputs.uniqueId, UNKNOWN);
      assert.equal(outputs.project, PROJECT_ID);
    });

    it("is created by one POST, and read until it exists", async () => {
      const calls = await cloud.google.callsOf(async () => {
        const { id, outputs, inputs } = await makeAccount({ displayName: "Akash" });
        assert.equal(id, outputs.name);
        assert.equal((await plugin.diff(ACCOUNT, outputs, inputs)).changed, false);
      });
      const [first = "", ...reads] = calls;
      assert.equal(first, `POST /v1/projects/${PROJECT_ID}/serviceAccounts`);
      assert.equal(reads.length, 4);
      assert.ok(reads.every((call) => call.startsWith("GET ")));
    });

    it("is updated in place, except for its id and its project", async () => {
      const { id, outputs, inputs } = await makeAccount();
      const wanted = { ...inputs, displayName: "Other", disabled: true };
      assert.deepEqual((await plugin.diff(ACCOUNT, outputs, wanted)).replaces, []);
      const calls = await cloud.google.callsOf(async () => {
        const updated = await plugin.update(ACCOUNT, id, outputs, wanted);
        assert.equal(updated.displayName, "Other");
        assert.equal(updated.disabled, true);
      });
      assert.deepEqual(calls.slice(0, 3), [
        `GET /v1/${id}`,
        `POST /v1/${id}:disable`,
        `PATCH /v1/${id}`,
      ]);
      const renamed = await plugin.diff(ACCOUNT, outputs, { ...inputs, accountId: "other-id" });
      assert.deepEqual(renamed.replaces, ["accountId"]);
      assert.equal(renamed.deleteBeforeReplace, false);
      const moved = await plugin.diff(ACCOUNT, outputs, { ...inputs, project: "other" });
      assert.equal(moved.deleteBeforeReplace, true);
    });

    it("derives its id from the name if the program sets none, and keeps it", async () => {
      const inputs = await plugin.check(ACCOUNT, {});
      assert.match(String(inputs.accountId), /^thing-[0-9a-f]{7}$/);
      assert.equal((await plugin.check(ACCOUNT, {}, inputs)).accountId, inputs.accountId);
      assert.notEqual((await plugin.check(ACCOUNT, {})).accountId, inputs.accountId);
    });

    it("fails if it exists already, unless the program permits that", async () => {
      const { id, inputs } = await makeAccount();
      await assert.rejects(
        plugin.make(ACCOUNT, { accountId: inputs.accountId }),
        /googleapi: Error 409: .*already exists.*, alreadyExists/,
      );
      const again = await plugin.make(ACCOUNT, {
        accountId: inputs.accountId,
        createIgnoreAlreadyExists: true,
      });
      assert.equal(again.id, id);
    });

    it("counts as deleted if it is not found, and can then be deleted again", async () => {
      const { id, outputs } = await makeAccount();
      await plugin.delete(ACCOUNT, id, outputs);
      assert.equal(await plugin.read(ACCOUNT, id, outputs), undefined);
      await plugin.delete(ACCOUNT, id, outputs);
    });

    it("can be imported", async () => {
      const { id, outputs } = await makeAccount({ description: "for DNS" });
      const found = await plugin.read(ACCOUNT, id);
      assert.deepEqual(found?.outputs, outputs);
      assert.equal(found.inputs.description, "for DNS");
      assert.equal(found.inputs.email, undefined);
    });

    it("is reported if it was created but cannot be read, and completed by the next update", async () => {
      await cloud.google.fail({ match: "^GET .*/serviceAccounts/", status: 409 });
      const accountId = "akash-half-made";
      const inputs = await plugin.check(ACCOUNT, { accountId });
      let failure: unknown;
      await plugin.create(ACCOUNT, inputs).catch((error: unknown) => (failure = error));
      assert.ok(failure instanceof InitializationFailed);
      assert.match(failure.message, /googleapi: Error 409/);
      const { id, outputs } = failure.reported;
      assert.match(id, new RegExp(`/serviceAccounts/${accountId}@`));
      const updated = await plugin.update(ACCOUNT, id, outputs, inputs);
      assert.equal(updated.name, id);
    });

    it("is not deleted if its policy forbids or abandons it", async () => {
      const { id, outputs } = await makeAccount();
      await assert.rejects(
        plugin.delete(ACCOUNT, id, { ...outputs, deletionPolicy: "PREVENT" }),
        /its deletionPolicy is "PREVENT"/,
      );
      await plugin.delete(ACCOUNT, id, { ...outputs, deletionPolicy: "ABANDON" });
      assert.ok(await plugin.read(ACCOUNT, id, outputs));
    });
  });

  describe("Key", () => {
    it("is secret, and its file names the account", async () => {
      const { id, outputs, inputs } = await makeKey();
      assert.ok(isSecret(outputs.privateKey));
      const state = opened(outputs);
      const file = JSON.parse(
        Buffer.from(String(state.privateKey), "base64").toString(),
      ) as Properties;
      assert.equal(file.type, "service_account");
      assert.equal(id, `${String(inputs.serviceAccountId)}/keys/${String(file.private_key_id)}`);
      assert.match(String(state.publicKey), /^LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t/);
      assert.equal(state.validBefore, "9999-12-31T23:59:59Z");
      assert.equal((await plugin.diff(KEY, state, inputs)).changed, false);
      const found = await plugin.read(KEY, id, state, inputs);
      assert.deepEqual(opened(found?.outputs ?? {}), state);
    });

    it("for an address without a project is created in the account's project", async () => {
      const { outputs } = await makeAccount();
      const calls = await cloud.google.callsOf(() =>
        plugin.make(KEY, { serviceAccountId: outputs.email }),
      );
      assert.equal(calls[0], `POST /v1/projects/-/serviceAccounts/${String(outputs.email)}/keys`);
    });

    it("is replaced by any change except of its deletion policy, create first", async () => {
      const { id, outputs, inputs } = await makeKey({ keepers: { rotation: "1" } });
      const state = opened(outputs);
      const rotated = await plugin.diff(KEY, state, { ...inputs, keepers: { rotation: "2" } });
      assert.deepEqual(rotated.replaces, ["keepers"]);
      assert.equal(rotated.deleteBeforeReplace, false);
      const kept = { ...inputs, deletionPolicy: "ABANDON" };
      assert.deepEqual((await plugin.diff(KEY, state, kept)).replaces, []);
      const updated = await plugin.update(KEY, id, state, kept);
      assert.equal(updated.deletionPolicy, "ABANDON");
      assert.equal(opened(updated).privateKey, state.privateKey);
    });

    it("counts as deleted on 404 and on 403", async () => {
      const { id, outputs } = await makeKey();
      const state = opened(outputs);
      await cloud.google.fail({ match: "^GET .*/keys/", status: 403 });
      assert.equal(await plugin.read(KEY, id, state), undefined);
      await plugin.delete(KEY, id, state);
      assert.equal(await plugin.read(KEY, id, state), undefined);
      await plugin.delete(KEY, id, state);
    });

    it("is reported with its private half if it cannot be read", async () => {
      await cloud.google.fail({ match: "^GET .*/keys/", status: 403 });
      let failure: unknown;
      await makeKey().catch((error: unknown) => (failure = error));
      assert.ok(failure instanceof InitializationFailed);
      assert.match(failure.reported.id, /\/keys\//);
      assert.ok(isSecret(failure.reported.outputs.privateKey));
    });

    it("cannot be imported", async () => {
      await assert.rejects(plugin.read(KEY, "projects/p/x"), /Key cannot be imported/);
    });

    it("fails with Google's message if there are ten already", async () => {
      const { outputs } = await makeAccount();
      for (let keys = 0; keys < 10; keys += 1) {
        await plugin.make(KEY, { serviceAccountId: outputs.name });
      }
      await assert.rejects(
        plugin.make(KEY, { serviceAccountId: outputs.name }),
        /googleapi: Error 400: Precondition check failed\., failedPrecondition/,
      );
    });
  });

  describe("IAMMember", () => {
    it("reads, writes with the etag, and reads back", async () => {
      const { outputs } = await makeAccount();
      const calls = await cloud.google.callsOf(async () => {
        const { id } = await plugin.make(MEMBER, {
          project: PROJECT_ID,
          role: ROLE,
          member: outputs.member,
        });
        assert.equal(id, `${PROJECT_ID}/${ROLE}/${String(outputs.member)}`);
      });
      assert.deepEqual(
        calls.map((call) => call.replace(/.*:/, "")),
        ["getIamPolicy", "setIamPolicy", ...Array<string>(4).fill("getIamPolicy")],
      );
    });

    it("keeps the other members, including those added at the same time", async () => {
      const [one, other] = await Promise.all([makeMember(), makeMember()]);
      await plugin.delete(MEMBER, one.id, one.outputs);
      assert.equal(await plugin.read(MEMBER, one.id, one.outputs), undefined);
      const found = await plugin.read(MEMBER, other.id, other.outputs);
      assert.equal(found?.outputs.member, other.grant.member);
    });

    it("starts again after a concurrent change of the policy", async () => {
      await cloud.google.fail({ match: ":setIamPolicy$", status: 409, times: 2 });
      const calls = await cloud.google.callsOf(makeMember);
      assert.equal(calls.filter((call) => call.endsWith(":setIamPolicy")).length, 3);
    });

    it("is replaced by any change, delete first", async () => {
      const { outputs, inputs } = await makeMember();
      assert.equal((await plugin.diff(MEMBER, outputs, inputs)).changed, false);
      const change = await plugin.diff(MEMBER, outputs, { ...inputs, role: "roles/dns.reader" });
      assert.deepEqual(change.replaces, ["role"]);
      assert.equal(change.deleteBeforeReplace, true);
      const unknown = await plugin.diff(MEMBER, outputs, { ...inputs, member: UNKNOWN });
      assert.deepEqual(unknown.replaces, ["member"]);
    });

    it("is imported by resource, role and member", async () => {
      const { id, grant } = await makeMember();
      const found = await plugin.read(MEMBER, `${PROJECT_ID} ${ROLE} ${String(grant.member)}`);
      assert.equal(found?.id, id);
      assert.deepEqual(found.inputs, grant);
    });

    it("requires a project: that of the provider is not used", async () => {
      await assert.rejects(
        plugin.check(MEMBER, { role: ROLE, member: "user:someone@example.com" }),
        /missing required property "project"/,
      );
      await assert.rejects(
        plugin.check(MEMBER, { project: PROJECT_ID, role: ROLE, member: "someone" }),
        /"someone" is not an IAM member/,
      );
    });

    it("is reported if the policy has it but cannot be read back", async () => {
      const { outputs } = await makeAccount();
      await cloud.google.fail({ match: ":setIamPolicy$", delayMs: 300 });
      const inputs = { project: PROJECT_ID, role: ROLE, member: outputs.member };
      const creation = plugin.create(MEMBER, inputs);
      await new Promise((resolve) => setTimeout(resolve, 150));
      await cloud.google.fail({ match: ":getIamPolicy$", status: 403 });
      await assert.rejects(
        creation,
        (error) =>
          error instanceof InitializationFailed && error.reported.id.startsWith(`${PROJECT_ID}/`),
      );
    });
  });

  describe("DnsManagedZoneIamMember", () => {
    it("grants on the zone, in the project of the provider", async () => {
      const { outputs } = await makeAccount();
      const grant = { managedZone: "zone", role: ROLE, member: outputs.member };
      let made: Awaited<ReturnType<PluginClient["make"]>> | undefined;
      const calls = await cloud.google.callsOf(async () => {
        made = await plugin.make(ZONE_MEMBER, grant);
      });
      assert.ok(made);
      const zone = `projects/${PROJECT_ID}/managedZones/zone`;
      assert.equal(calls[0], `POST /dns/v1beta2/${zone}:getIamPolicy`);
      assert.equal(calls[1], `POST /dns/v1beta2/${zone}:setIamPolicy`);
      assert.equal(made.id, `${zone}/${ROLE}/${String(outputs.member)}`);
      const full = await plugin.diff(ZONE_MEMBER, made.outputs, {
        ...made.inputs,
        managedZone: zone,
      });
      assert.equal(full.changed, false);
      const change = await plugin.diff(ZONE_MEMBER, made.outputs, {
        ...made.inputs,
        managedZone: "other",
      });
      assert.equal(change.deleteBeforeReplace, false);
      await plugin.delete(ZONE_MEMBER, made.id, made.outputs);
      assert.equal(await plugin.read(ZONE_MEMBER, made.id, made.outputs), undefined);
    });
  });

  describe("its functions", () => {
    it("list zones, find a zone, and return the project", async () => {
      const zone = {
        id: `projects/${PROJECT_ID}/managedZones/zone`,
        name: "zone",
        dnsName: "example.com.",
        project: PROJECT_ID,
      };
      const { managedZones } = await plugin.invoke("gcp:dns/getManagedZones:getManagedZones", {});
      const [listed] = managedZones as Properties[];
      const found = await plugin.invoke("gcp:dns/getManagedZone:getManagedZone", { name: "zone" });
      assert.deepEqual(listed, found);
      assert.deepEqual({ ...found, ...zone }, found);
      const project = await plugin.invoke("gcp:organizations/getProject:getProject", {});
      assert.equal(project.projectId, PROJECT_ID);
      assert.match(String(project.number), /^\d+$/);
    });
  });

  it("retries after 429, 500 and a broken connection, but not after 403", async () => {
    const call = "^GET /dns/.*/managedZones$";
    for (const fault of [{ status: 429 }, { status: 500 }, { reset: true }]) {
      await cloud.google.fail({ match: call, ...fault });
    }
    const list = () => plugin.invoke("gcp:dns/getManagedZones:getManagedZones", {});
    assert.equal((await cloud.google.callsOf(list)).length, 4);
    await cloud.google.fail({ match: call, status: 403 });
    await assert.rejects(list, /googleapi: Error 403: Forbidden, forbidden/);
  });

  it("reports at once that nothing listens at an endpoint", async () => {
    const other = await PluginClient.start("gcp", { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.some" });
    try {
      await other.configure({ ...googleSettings("http://127.0.0.1:9"), project: PROJECT_ID });
      await assert.rejects(
        other.invoke("gcp:dns/getManagedZone:getManagedZone", { name: "zone" }),
        /^Error: invoking gcp:dns\/getManagedZone:getManagedZone: 1 error occurred:\n\t\* Get "http:\/\/127\.0\.0\.1:9\/dns\/v1beta2\/\S+": dial tcp 127\.0\.0\.1:9: connect: connection refused\n\n$/,
      );
    } finally {
      await other.stop();
    }
  });

  it("has not written any credential", () => {
    assert.ok(!plugin.output.includes(cloud.googleAdminToken));
    assert.equal(plugin.output, "");
  });
});
