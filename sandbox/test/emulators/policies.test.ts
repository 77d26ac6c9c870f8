import assert from "node:assert/strict";
import { Clouds, CLOUD_PLATFORM, OTHER_ZONE, PROJECT_ID, zonePath } from "./support.ts";

const RECORD = { name: "_akash-proof.acme.test.", type: "TXT", ttl: 60, rrdatas: ["proof"] };
const ZONES = `/dns/v1/projects/${PROJECT_ID}/managedZones`;

describe("IAM policies of Google", () => {
  let clouds: Clouds;
  let email: string;
  let token: string;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
    email = await clouds.account();
    token = await clouds.tokenFor(await clouds.key(email));
  });

  afterEach(() => clouds.close());

  for (const [what, path] of [
    ["project", `/v1/projects/${PROJECT_ID}`],
    ["zone", zonePath()],
    ["zone by v1beta2", zonePath(undefined, "v1beta2")],
  ] as const) {
    it(`of a ${what} are replaced only with a current etag`, async () => {
      const { body: read } = await clouds.google("POST", `${path}:getIamPolicy`, {
        options: { requestedPolicyVersion: 3 },
      });
      assert.deepEqual(read, { version: 1, etag: "ACAB" });
      const bindings = [{ role: "roles/dns.admin", members: [`serviceAccount:${email}`] }];
      const set = () =>
        clouds.google("POST", `${path}:setIamPolicy`, {
          policy: { ...read, bindings },
          updateMask: "bindings,etag,version",
        });
      const { status, body } = await set();
      assert.equal(status, 200);
      assert.deepEqual(body.bindings, bindings);
      assert.notEqual(body.etag, read.etag);
      const stale = await set();
      assert.equal(stale.status, 409);
      assert.equal(stale.body.error.status, "ABORTED");
      assert.match(stale.body.error.message, /^There were concurrent policy changes\./);
      const { body: unchanged } = await clouds.google("POST", `${path}:getIamPolicy`, {});
      assert.equal(unchanged.etag, body.etag);
      assert.equal(
        (await clouds.google("POST", `${path}:setIamPolicy`, { policy: {} })).status,
        200,
        "without an etag nothing is compared",
      );
    });
  }

  it("refuse roles, members and conditions that do not exist here", async () => {
    const wrong = [
      { role: "roles/dns.owner", members: ["user:a@b.c"] },
      { role: "roles/dns.admin", members: ["serviceAccount:nobody@acme.test"] },
      { role: "roles/dns.admin", members: ["a@b.c"] },
      { role: "roles/dns.admin", members: ["user:a@b.c"], condition: { expression: "true" } },
    ];
    for (const binding of wrong) {
      const { status } = await clouds.google("POST", `/v1/projects/${PROJECT_ID}:setIamPolicy`, {
        policy: { bindings: [binding] },
      });
      assert.equal(status, 400, JSON.stringify(binding));
    }
  });

  it("take effect late and end at once, if grants have to propagate", async () => {
    await clouds.control("google", "PATCH", "settings", { grantDelayMs: 60_000 });
    await clouds.grant(email, "roles/dns.admin", zonePath());
    const read = () => clouds.google("GET", zonePath(), undefined, token);
    assert.equal((await read()).status, 403);
    clouds.pass(60_000);
    assert.equal((await read()).status, 200);
    await clouds.grant(email, "roles/dns.reader", zonePath());
    assert.equal((await read()).status, 200, "an old grant does not start again");
    await clouds.google("POST", `${zonePath()}:setIamPolicy`, { policy: {} });
    assert.equal((await read()).status, 403);
  });

  /** The calls that each grant permits: list of zones, the zone, its records, a change, the other zone. */
  const matrix: [role: string | undefined, on: string, open: [string, number][]][] = [
    [undefined, "nothing", calls(403, 403, 403, 403, 403)],
    ["roles/dns.admin", zonePath(), calls(403, 200, 200, 200, 403)],
    ["roles/dns.reader", zonePath(), calls(403, 200, 200, 403, 403)],
    ["roles/dns.admin", zonePath(OTHER_ZONE), calls(403, 403, 403, 403, 200)],
    ["roles/dns.admin", `/v1/projects/${PROJECT_ID}`, calls(200, 200, 200, 200, 200)],
    ["roles/dns.reader", `/v1/projects/${PROJECT_ID}`, calls(200, 200, 200, 403, 200)],
    ["roles/owner", `/v1/projects/${PROJECT_ID}`, calls(200, 200, 200, 200, 200)],
    ["roles/viewer", `/v1/projects/${PROJECT_ID}`, calls(200, 200, 200, 403, 200)],
    ["roles/iam.serviceAccountAdmin", `/v1/projects/${PROJECT_ID}`, calls(403, 403, 403, 403, 403)],
  ];
  for (const [role, on, open] of matrix) {
    it(`permit the calls of ${role ?? "no role"} on ${on.replace(/^.*\//, "")}`, async () => {
      if (role !== undefined) {
        await clouds.grant(email, role, on);
      }
      for (const [call, status] of open) {
        const [method = "", path = ""] = call.split(" ");
        const body = method === "POST" ? { additions: [RECORD] } : undefined;
        const answer = await clouds.google(method, path, body, token);
        assert.equal(answer.status, status, call);
      }
    });
  }

  function calls(...statuses: readonly number[]): [string, number][] {
    const paths = [
      `GET ${ZONES}`,
      `GET ${zonePath()}`,
      `GET ${zonePath()}/rrsets`,
      `POST ${zonePath()}/changes`,
      `GET ${zonePath(OTHER_ZONE)}`,
    ];
    return paths.map((path, index) => [path, statuses[index] ?? 0]);
  }

  it("name the missing permission in details and in the list of calls", async () => {
    await clouds.grant(email, "roles/dns.reader", zonePath());
    const { body } = await clouds.google(
      "POST",
      `${zonePath()}/changes`,
      { additions: [RECORD] },
      token,
    );
    assert.equal(body.error.message, "Forbidden");
    assert.equal(body.error.details[0].metadata.permission, "dns.changes.create");
    const { body: list } = await clouds.control("google", "GET", "calls");
    const last = list.calls.at(-1);
    assert.equal(last?.denied, "dns.changes.create");
    assert.equal(last.who, email);
  });

  it("are tested without permission to read them", async () => {
    await clouds.grant(email, "roles/dns.admin", zonePath());
    const permissions = ["dns.changes.create", "dns.managedZones.list", "iam.roles.get"];
    const zone = await clouds.google(
      "POST",
      `${zonePath()}:testIamPermissions`,
      { permissions },
      token,
    );
    assert.deepEqual(zone.body.permissions, ["dns.changes.create", "dns.managedZones.list"]);
    const project = await clouds.google(
      "POST",
      `/v1/projects/${PROJECT_ID}:testIamPermissions`,
      { permissions },
      token,
    );
    assert.deepEqual(project.body.permissions, []);
  });

  it("grant nothing outside the token's scopes", async () => {
    await clouds.grant(email, "roles/owner");
    const key = await clouds.key(email);
    const dnsRead = "https://www.googleapis.com/auth/ndev.clouddns.readonly";
    const reader = await clouds.tokenFor(key, dnsRead);
    assert.equal((await clouds.google("GET", zonePath(), undefined, reader)).status, 200);
    const change = { additions: [RECORD] };
    const { status, body } = await clouds.google("POST", `${zonePath()}/changes`, change, reader);
    assert.equal(status, 403);
    assert.equal(body.error.message, "Request had insufficient authentication scopes.");
    const writer = await clouds.tokenFor(key, CLOUD_PLATFORM);
    assert.equal(
      (await clouds.google("POST", `${zonePath()}/changes`, change, writer)).status,
      200,
    );
  });

  it("grant only the permissions of a custom role, which do not include granting roles/dns.admin", async () => {
    const role = await clouds.role("akashZone", ["dns.managedZones.get"]);
    await clouds.grant(email, role, zonePath());
    assert.equal((await clouds.google("GET", zonePath(), undefined, token)).status, 200);
    const rrsets = await clouds.google("GET", `${zonePath()}/rrsets`, undefined, token);
    assert.equal(rrsets.status, 403);
    await clouds.google("PATCH", `/v1/${role}`, {
      includedPermissions: ["dns.resourceRecordSets.list"],
    });
    assert.equal((await clouds.google("GET", zonePath(), undefined, token)).status, 403);
    await clouds.grant(email, "roles/dns.admin", zonePath());
    const policy = (verb: string) =>
      clouds.google("POST", `${zonePath()}:${verb}IamPolicy`, { policy: {} }, token);
    assert.equal((await policy("get")).status, 200);
    assert.equal((await policy("set")).status, 403);
  });

  it("refuse a custom role with a missing permission, or by a caller without the permission", async () => {
    await assert.rejects(clouds.role("wrong", ["dns.nothing"]), /Permission dns\.nothing/);
    const { status } = await clouds.google(
      "POST",
      `/v1/projects/${PROJECT_ID}/roles`,
      { roleId: "mine", role: { includedPermissions: [] } },
      token,
    );
    assert.equal(status, 403);
  });

  it("do not exist for a missing project", async () => {
    const { status, body } = await clouds.google("GET", "/v1/projects/nowhere");
    assert.equal(status, 403);
    assert.match(body.error.message, /'resourcemanager\.projects\.get' denied/);
    const { body: project } = await clouds.google("GET", `/v1/projects/${PROJECT_ID}`);
    assert.equal(project.lifecycleState, "ACTIVE");
  });
});
