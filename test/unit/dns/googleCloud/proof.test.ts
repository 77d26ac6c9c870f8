import assert from "node:assert/strict";
import { challengePermissions } from "../../../../dns/googleCloud/permissions.ts";
import { proveGoogleCloudKey } from "../../../../dns/googleCloud/proof.ts";
import { ProofError } from "../../../../dns/proof.ts";
import {
  Clouds,
  DOMAIN,
  OTHER_ZONE,
  PROJECT_ID,
  ZONE,
  zonePath,
  type Credentials,
} from "../../../../sandbox/test/emulators/support.ts";

describe("proof of a Google key", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function prove(key: unknown, timeout = 0, zone = ZONE): Promise<void> {
    return proveGoogleCloudKey(typeof key === "string" ? key : JSON.stringify(key), {
      project: PROJECT_ID,
      zone,
      domain: DOMAIN,
      host: `provider.${DOMAIN}`,
      timeout,
      endpoint: `${clouds.running.googleUrl}/dns/v1beta2/`,
    });
  }

  async function assertFails(proof: Promise<void>, sentence: RegExp, key?: Credentials) {
    await assert.rejects(proof, (error: unknown) => {
      assert(error instanceof ProofError);
      assert.match(error.message, sentence);
      assert(key === undefined || !error.message.includes(key.private_key.slice(40, 80)));
      return true;
    });
  }

  async function txtRecords(): Promise<readonly string[]> {
    const { body } = await clouds.google("GET", `${zonePath()}/rrsets?type=TXT`);
    return body.rrsets.map(({ name }) => name);
  }

  it("passes with roles/dns.admin on only the zone, and leaves no record", async () => {
    await prove(await clouds.keyWith("roles/dns.admin"));
    assert.deepEqual(await txtRecords(), []);
  });

  describe("with a custom role", () => {
    const leftover = {
      additions: [{ name: `_akash-proof.${DOMAIN}.`, type: "TXT", ttl: 60, rrdatas: ['"left"'] }],
    };

    /** Google applies each change with a delay, and a killed proof has left its record. */
    async function inAnyCase(): Promise<void> {
      await clouds.control("google", "PATCH", "settings", { changeDelayMs: 200 });
      await clouds.google("POST", `${zonePath()}/changes`, leftover);
    }

    it("passes with the documented permissions", async () => {
      const role = await clouds.role("challenge", challengePermissions);
      await inAnyCase();
      await prove(await clouds.keyWith(role));
      assert.deepEqual(await txtRecords(), []);
    });

    for (const missing of challengePermissions) {
      it(`fails without ${missing}, and names it`, async () => {
        const others = challengePermissions.filter((permission) => permission !== missing);
        const role = await clouds.role("less", others);
        // Only an existing record is replaced, and only without one a new record is created.
        await clouds.control("google", "PATCH", "settings", { changeDelayMs: 200 });
        if (missing !== "dns.resourceRecordSets.create") {
          await clouds.google("POST", `${zonePath()}/changes`, leftover);
        }
        const key = await clouds.keyWith(role);
        await assertFails(prove(key), new RegExp(`lacks the permission ${missing} on`), key);
      });
    }
  });

  it("deletes the record of a killed proof", async () => {
    await clouds.google("POST", `${zonePath()}/changes`, {
      additions: [
        { name: `_akash-proof.${DOMAIN}.`, type: "TXT", ttl: 60, rrdatas: ['"left behind"'] },
      ],
    });
    await prove(await clouds.keyWith("roles/dns.admin"));
    assert.deepEqual(await txtRecords(), []);
  });

  it("fails without a role, naming account, permission, zone and role", async () => {
    const key = await clouds.keyWith();
    await assertFails(
      prove(key),
      new RegExp(
        `${key.client_email} lacks the permission dns\\.managedZones\\.get on the managed zone ${ZONE} of project ${PROJECT_ID}: grant the account roles/dns\\.admin`,
      ),
      key,
    );
  });

  it("fails with the role on another zone", async () => {
    const key = await clouds.keyWith("roles/dns.admin", zonePath(OTHER_ZONE));
    await assertFails(prove(key), /lacks the permission dns\.managedZones\.get/, key);
  });

  it("fails with a role that only reads", async () => {
    const key = await clouds.keyWith("roles/dns.reader");
    await assertFails(prove(key), /lacks the permission dns\.changes\.create/, key);
  });

  it("fails with a deleted key", async () => {
    const key = await clouds.keyWith("roles/dns.admin");
    await clouds.google(
      "DELETE",
      `/v1/projects/${PROJECT_ID}/serviceAccounts/${key.client_email}/keys/${key.private_key_id}`,
    );
    await assertFails(prove(key), /issues no access token for the key of/, key);
  });

  it("fails without retries where this machine's clock is wrong, and reports that", async () => {
    const key = await clouds.keyWith("roles/dns.admin");
    for (const hours of [2, -2]) {
      clouds.pass(hours * 60 * 60 * 1_000);
      const began = Date.now();
      const theirs = new Date(clouds.seconds() * 1_000).toISOString().slice(0, 13);
      const proof = prove(key, 480);
      await assertFails(
        proof,
        new RegExp(
          `^This machine's clock is wrong: it shows ${new Date().toISOString().slice(0, 13)}\\S+, Google's ${theirs}\\S+\\. Set it: sudo timedatectl set-ntp true$`,
        ),
        key,
      );
      assert(Date.now() - began < 10_000);
      clouds.pass(-hours * 60 * 60 * 1_000);
    }
  });

  it("fails where the zone does not contain the host", async () => {
    const key = await clouds.keyWith("roles/dns.admin", zonePath(OTHER_ZONE));
    await assertFails(prove(key, 0, OTHER_ZONE), /is for other\.test\. and cannot hold provider/);
  });

  it("fails for a text that is not a key file, without showing it", async () => {
    await assertFails(prove('{"type":"authorized_user"}'), /is not a service account's key file/);
    await assertFails(prove("SENTINEL"), /^(?!.*SENTINEL).*is not a service account's key file/);
  });

  it("waits for the propagation of a new grant", async () => {
    const key = await clouds.keyWith();
    const proof = prove(key, 20);
    await clouds.grant(key.client_email, "roles/dns.admin", zonePath());
    await proof;
  });

  for (const status of [403, 409, 429, 500]) {
    it(`continues after a temporary ${status}`, async () => {
      const key = await clouds.keyWith("roles/dns.admin");
      await clouds.control("google", "POST", "faults", {
        match: "^POST .*/changes",
        status,
        times: 1,
      });
      await prove(key, 20);
      assert.deepEqual(await txtRecords(), []);
    });

    it(`does not show the text of a ${status} that repeats the request`, async () => {
      const key = await clouds.keyWith("roles/dns.admin");
      for (const match of ["^POST /token$", "/changes$"]) {
        await clouds.control("google", "POST", "faults", {
          ...{ match, status, echo: true },
          // Google's client retries the request for an access token.
          times: 9,
        });
        await assertFails(
          prove(key),
          /^(?!.*You sent).*(lacks the permission|Google responds with)/,
        );
        await clouds.control("google", "DELETE", "faults");
      }
    });
  }

  it("leaves no record after a write whose response was lost", async () => {
    const key = await clouds.keyWith("roles/dns.admin");
    await clouds.control("google", "POST", "faults", {
      match: "^POST .*/changes",
      status: 500,
      times: 1,
      when: "after",
    });
    await prove(key, 20);
    assert.deepEqual(await txtRecords(), []);
  });
});
