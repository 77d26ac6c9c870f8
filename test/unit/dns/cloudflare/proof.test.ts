import assert from "node:assert/strict";
import { proveCloudflareToken } from "../../../../dns/cloudflare/proof.ts";
import type { ServedZone } from "../../../../dns/delegation.ts";
import { ProofError } from "../../../../dns/proof.ts";
import {
  makeToken,
  OTHER_ZONE_ID,
  ZONE_ID,
  zoneResource,
} from "../../../../sandbox/test/emulators/cloudflareSupport.ts";
import { Clouds, DOMAIN } from "../../../../sandbox/test/emulators/support.ts";

describe("proof of a Cloudflare token", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function prove(token: string, timeout = 0, zone = DOMAIN): Promise<void> {
    return proveCloudflareToken(token, { ...target(), zone, timeout });
  }

  function target() {
    return {
      ...{ zone: DOMAIN, domain: DOMAIN, host: `provider.${DOMAIN}`, timeout: 0 },
      endpoint: clouds.running.cloudflareUrl,
    };
  }

  async function tokenWith(groups?: readonly string[], resources?: object, more?: object) {
    return (await makeToken(clouds, groups, resources, more)).value;
  }

  async function assertFails(proof: Promise<void>, sentence: RegExp, token = "SENTINEL") {
    await assert.rejects(proof, (error: unknown) => {
      assert(error instanceof ProofError);
      assert.match(error.message, sentence);
      assert(!error.message.includes(token));
      return true;
    });
  }

  async function txtRecords(): Promise<readonly string[]> {
    const { body } = await clouds.cloudflare<readonly { readonly name: string }[]>(
      "GET",
      `/zones/${ZONE_ID}/dns_records?type=TXT`,
    );
    return body.result.map(({ name }) => name);
  }

  it("passes with Zone Read and DNS Write on only the zone, and leaves no record", async () => {
    await prove(await tokenWith());
    assert.deepEqual(await txtRecords(), []);
  });

  it("deletes the record of a killed proof", async () => {
    await clouds.cloudflare("POST", `/zones/${ZONE_ID}/dns_records`, {
      type: "TXT",
      name: `_akash-proof.${DOMAIN}`,
      content: '"left behind"',
      ttl: 60,
    });
    await prove(await tokenWith());
    assert.deepEqual(await txtRecords(), []);
  });

  it("fails without Zone Read, which lego needs to find the zone", async () => {
    const token = await tokenWith(["DNS Write"]);
    await assertFails(prove(token), /Zone Read/, token);
  });

  it("fails without DNS Write", async () => {
    const token = await tokenWith(["Zone Read", "DNS Read"]);
    await assertFails(prove(token), /lacks the permission DNS Write on the zone acme\.test/, token);
  });

  it("fails with a token for another zone", async () => {
    const token = await tokenWith(undefined, zoneResource(OTHER_ZONE_ID));
    await assertFails(prove(token), /cannot read the zone acme\.test/, token);
  });

  it("fails, as lego does, where the token can read two zones of the name, and writes nothing", async () => {
    await clouds.control("cloudflare", "POST", "seed", {
      accounts: [{ name: "Other", id: "b".repeat(32) }],
      zones: [{ name: DOMAIN, account: "Other" }],
    });
    const both = await tokenWith(undefined, zoneResource("*"));
    const before = await txtRecords();
    await assertFails(
      prove(both),
      /can read 2 zones acme\.test, in account Acme \(a{32}\) and account Other \(b{32}\).*ambiguous zone name/,
      both,
    );
    assert.deepEqual(await txtRecords(), before);
    await prove(await tokenWith());
  });

  for (const change of [{ status: "pending" }, { status: "moved" }, { type: "partial" }]) {
    it(`fails at once for a zone that is ${Object.values(change).join("")}`, async () => {
      await clouds.control("cloudflare", "POST", "seed", { zones: [{ name: DOMAIN, ...change }] });
      const token = await tokenWith();
      await assertFails(
        prove(token, 20),
        new RegExp(`The Cloudflare zone acme\\.test is ${Object.values(change).join("")}`),
        token,
      );
    });
  }

  it("fails where the token's zone has another id than the chosen one", async () => {
    const token = await tokenWith();
    await assertFails(
      proveCloudflareToken(token, { ...target(), zoneId: OTHER_ZONE_ID }),
      /with the id 1{32}, in account Acme .*dns\.zoneId is 2{32}/,
      token,
    );
  });

  it("fails where DNS delegates elsewhere, before it writes anything", async () => {
    const seen: ServedZone[] = [];
    const compare = (zone: ServedZone) => {
      seen.push(zone);
      return Promise.reject(new ProofError("DNS asks elsewhere"));
    };
    const token = await tokenWith();
    await assertFails(proveCloudflareToken(token, { ...target(), compare }), /^DNS asks elsewhere/);
    assert.deepEqual(seen, [
      { name: DOMAIN, nameServers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"] },
    ]);
  });

  it("supports a zone with a Unicode name", async () => {
    const id = "3".repeat(32);
    await clouds.control("cloudflare", "POST", "seed", { zones: [{ name: "bücher.test", id }] });
    const token = await tokenWith(undefined, zoneResource(id));
    const domain = "xn--bcher-kva.test";
    await proveCloudflareToken(token, {
      ...{ ...target(), zone: "bücher.test", domain, host: `provider.${domain}` },
    });
  });

  it("fails with an expired token and with a mistyped one", async () => {
    const hour = 3_600_000;
    const expiresOn = new Date(Date.now() + hour).toISOString().replace(/\.\d+/, "");
    const expired = await tokenWith(undefined, undefined, { expires_on: expiresOn });
    clouds.pass(2 * hour);
    await assertFails(prove(expired), /does not accept the token/, expired);
    await assertFails(prove("x".repeat(40)), /does not accept the token/, "x".repeat(40));
  });

  it("fails with a malformed token, without showing it", async () => {
    for (const token of ["SENTINEL\nof two lines", "SENTINEL with spaces", "SENTINEL-\u20ac"]) {
      await assertFails(prove(token), /contains spaces or characters that no token has/);
    }
  });

  it("fails where the zone does not contain the host", async () => {
    await assertFails(
      prove(await tokenWith(), 0, "other.test"),
      /cannot hold provider\.acme\.test/,
    );
  });

  for (const status of [403, 429, 500]) {
    it(`continues after a temporary ${status}`, async () => {
      const token = await tokenWith();
      await clouds.control("cloudflare", "POST", "faults", {
        match: "^POST .*dns_records",
        status,
        times: 1,
      });
      await prove(token, 20);
      assert.deepEqual(await txtRecords(), []);
    });
  }

  for (const status of [403, 409, 429, 500]) {
    it(`does not show the text of a ${status} that repeats the request`, async () => {
      const token = await tokenWith();
      const match = "dns_records$";
      await clouds.control("cloudflare", "POST", "faults", { match, status, echo: true });
      await assertFails(
        prove(token),
        status === 403 ? /DNS Write/ : /Cloudflare responds with/,
        token,
      );
    });
  }

  it("leaves no record after a write whose response was lost", async () => {
    const token = await tokenWith();
    await clouds.control("cloudflare", "POST", "faults", {
      match: "^POST .*dns_records",
      status: 500,
      times: 1,
      when: "after",
    });
    await prove(token, 20);
    assert.deepEqual(await txtRecords(), []);
  });
});
