import assert from "node:assert/strict";
import { managedZone, managedZones } from "../../../../dns/googleCloud/zones.ts";
import { Clouds, PROJECT_ID, ZONE } from "../../../../sandbox/test/emulators/support.ts";

describe("Google's managed zones", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function access() {
    return {
      dnsEndpoint: `${clouds.running.googleUrl}/dns/v1/`,
      accessToken: clouds.running.googleAdminToken,
    };
  }

  it("are listed to the last page", async () => {
    const more = ["a", "b", "c"].map((name) => ({ name, dnsName: `${name}.test.` }));
    await clouds.control("google", "POST", "seed", {
      projects: [{ projectId: PROJECT_ID, zones: more }],
    });
    await clouds.control("google", "PATCH", "settings", { pageSize: 2 });
    const zones = await managedZones(PROJECT_ID, access());
    assert.deepEqual(
      zones.map(({ name }) => name),
      [ZONE, "other-zone", "a", "b", "c"],
    );
    assert.equal(zones[0]?.nameServers?.length, 4);
  });

  it("are read one by one, by name", async () => {
    await clouds.control("google", "DELETE", "calls");
    assert.equal((await managedZone(PROJECT_ID, ZONE, access()))?.dnsName, "acme.test.");
    const { body } = await clouds.control("google", "GET", "calls");
    assert.doesNotMatch(JSON.stringify(body), /managedZones"/);
    assert.equal(await managedZone(PROJECT_ID, "none", access()), undefined);
  });

  it("are refused with an error that does not repeat the request", async () => {
    await assert.rejects(
      managedZones(PROJECT_ID, { ...access(), accessToken: "SENTINEL" }),
      (error: unknown) => {
        assert(error instanceof Error);
        assert.match(error.message, /^Google responds with 401/);
        assert.doesNotMatch(error.message, /SENTINEL/);
        return true;
      },
    );
  });
});
