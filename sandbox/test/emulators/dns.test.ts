import assert from "node:assert/strict";
import { Clouds, PROJECT_ID, ZONE, zonePath } from "./support.ts";

const NAME = "_acme-challenge.provider.acme.test.";

describe("Cloud DNS", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  it("lists zones, filtered by DNS name on request", async () => {
    const list = `/dns/v1/projects/${PROJECT_ID}/managedZones`;
    const { body: all } = await clouds.google("GET", list);
    assert.equal(all.managedZones.length, 2);
    const { body } = await clouds.google("GET", `${list}?dnsName=acme.test.`);
    assert.deepEqual(
      body.managedZones.map(({ name }) => name),
      [ZONE],
    );
    const { body: none } = await clouds.google("GET", `${list}?dnsName=nowhere.test.`);
    assert.deepEqual(none.managedZones, []);
  });

  it("finds a zone by name, by number and in both versions", async () => {
    const { body } = await clouds.google("GET", zonePath());
    assert.equal(body.dnsName, "acme.test.");
    assert.equal(body.visibility, "public");
    for (const path of [zonePath(body.id), zonePath(ZONE, "v1beta2")]) {
      assert.equal((await clouds.google("GET", path)).body.name, ZONE);
    }
    const missing = await clouds.google("GET", zonePath("nowhere"));
    assert.equal(missing.status, 404);
    assert.equal(
      missing.body.error.message,
      "The 'parameters.managedZone' resource named 'nowhere' does not exist.",
    );
  });

  it("makes a change, stores TXT data quoted, and filters record sets", async () => {
    const { status, body } = await change({ additions: [record("one", '"two three"')] });
    assert.equal(status, 200);
    assert.equal(body.status, "done");
    const { body: found } = await clouds.google(
      "GET",
      `${zonePath()}/rrsets?name=${NAME}&type=TXT`,
    );
    assert.deepEqual(found.rrsets[0].rrdatas, ['"one"', '"two three"']);
    const { body: all } = await clouds.google("GET", `${zonePath()}/rrsets`);
    assert.deepEqual(
      all.rrsets.map(({ type }) => type),
      ["NS", "SOA", "TXT"],
    );
    const { body: read } = await clouds.google("GET", `${zonePath()}/changes/${body.id}`);
    assert.equal(read.additions[0].name, NAME);
    assert.equal((await clouds.google("GET", `${zonePath()}/changes/99`)).status, 404);
  });

  it("leaves a change pending for the configured time", async () => {
    await clouds.control("google", "PATCH", "settings", { changeDelayMs: 5_000 });
    const { body } = await change({ additions: [record("one")] });
    assert.equal(body.status, "pending");
    clouds.pass(5_000);
    const { body: read } = await clouds.google("GET", `${zonePath()}/changes/${body.id}`);
    assert.equal(read.status, "done");
  });

  it("replaces a set in one change, and treats quoted and unquoted data alike", async () => {
    await change({ additions: [record("one")] });
    const replaced = await change({
      deletions: [record("one")],
      additions: [record("one", "two")],
    });
    assert.equal(replaced.status, 200);
    assert.equal((await change({ deletions: [record("two", "one")] })).status, 200);
    const { body } = await clouds.google("GET", `${zonePath()}/rrsets?name=${NAME}`);
    assert.deepEqual(body.rrsets, []);
  });

  it("requires the permission to update for replacing a set", async () => {
    const email = await clouds.account();
    const token = await clouds.tokenFor(await clouds.key(email));
    await change({ additions: [record("one")] });
    const replacement = { deletions: [record("one")], additions: [record("two")] };
    assert.equal((await change(replacement, token)).status, 403);
    await clouds.grant(email, "roles/dns.admin", zonePath());
    assert.equal((await change(replacement, token)).status, 200);
  });

  const refused: [what: string, body: object, status: number, reason: string, message: string][] = [
    [
      "an addition that exists",
      { additions: [record("two")] },
      409,
      "alreadyExists",
      `The resource 'entity.change.additions[0]' named '${NAME} (TXT)' already exists`,
    ],
    [
      "a deletion of a missing set",
      { deletions: [{ ...record("one"), name: "no.acme.test." }] },
      404,
      "notFound",
      "The 'entity.change.deletions[0]' resource named 'no.acme.test. (TXT)' does not exist.",
    ],
    [
      "a deletion that differs",
      { deletions: [record("other")] },
      412,
      "conditionNotMet",
      "Precondition not met for 'entity.change.deletions[0]'",
    ],
    [
      "a name outside the zone",
      { additions: [{ ...record("one"), name: "a.elsewhere.test." }] },
      400,
      "invalid",
      "Invalid value for 'entity.change.additions[0].name': 'a.elsewhere.test.'",
    ],
    [
      "an empty change",
      {},
      400,
      "required",
      "The 'entity.change' parameter is required but was missing.",
    ],
  ];
  for (const [what, body, status, reason, message] of refused) {
    it(`refuses ${what}`, async () => {
      await change({ additions: [record("one")] });
      const answer = await change(body);
      assert.equal(answer.status, status);
      assert.equal(answer.body.error.message, message);
      assert.equal(answer.body.error.errors[0].reason, reason);
    });
  }

  it("makes a change entirely or not at all", async () => {
    const good = { ...record("one"), name: "good.acme.test." };
    const { status, body } = await change({
      additions: [good],
      deletions: [record("one"), { ...record("one"), name: "b.acme.test." }],
    });
    assert.equal(status, 404);
    assert.equal(body.error.errors.length, 2);
    const { body: after } = await clouds.google("GET", `${zonePath()}/rrsets?type=TXT`);
    assert.deepEqual(after.rrsets, []);
  });

  function change(body: object, token?: string) {
    return clouds.google("POST", `${zonePath()}/changes`, body, token);
  }

  function record(...rrdatas: readonly string[]) {
    return { name: NAME, type: "TXT", ttl: 120, rrdatas };
  }
});
