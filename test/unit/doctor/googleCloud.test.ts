import assert from "node:assert/strict";
import { googleCloudCredential } from "../../../doctor/facts/googleCloud.ts";
import type { CreatedCredential } from "../../../doctor/expectation.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import {
  Clouds,
  DOMAIN,
  OTHER_ZONE,
  PROJECT_ID,
  ZONE,
  zonePath,
  type Credentials,
} from "../../../sandbox/test/emulators/support.ts";

describe("doctor, a Google key", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function credential(
    key: Credentials,
    { zone = ZONE, made }: { zone?: string; made?: Partial<CreatedCredential> } = {},
  ) {
    const url = clouds.running.googleUrl;
    const target = { project: PROJECT_ID, zone, domain: DOMAIN, host: `provider.${DOMAIN}` };
    return googleCloudCredential(
      JSON.stringify(key),
      { ...target, created: made as CreatedCredential | undefined },
      {
        googleCloud: {
          dnsEndpoint: `${url}/dns/v1beta2/`,
          iamEndpoint: `${url}/v1/`,
          resourceManagerEndpoint: `${url}/v1/`,
          accessToken: clouds.running.googleAdminToken,
        },
        cloudflare: {},
      },
    );
  }

  it("has exactly the required permissions with roles/dns.admin on the zone", async () => {
    const key = credential(await clouds.keyWith("roles/dns.admin"));
    assert.deepEqual(await key.lacks(), []);
    assert.deepEqual(await key.excess(), []);
    assert.deepEqual((await key.count()).count, 1);
    assert.equal((await key.zone()).name, `${DOMAIN}.`);
    assert.equal(await key.prove(), undefined);
  });

  it("has its age from Google, if the stack has not created it", async () => {
    const key = await clouds.keyWith("roles/dns.admin");
    const before = Date.now();
    const { createdAt, expiresAt } = await credential(key).life();
    assert(Math.abs(Date.parse(createdAt ?? "") - before) < 60_000);
    assert.match(expiresAt ?? "", /^9999-/);
    assert.deepEqual(await credential(key, { made: {} }).life(), {});
    const gone = credential({ ...key, private_key_id: "0".repeat(40) });
    await assert.rejects(gone.life(), NotAvailable);
  });

  it("lacks the permissions that its role does not contain", async () => {
    const reader = credential(await clouds.keyWith("roles/dns.reader"));
    assert.deepEqual(
      (await reader.lacks()).map(({ expected }) => expected),
      [
        `dns.changes.create on the managed zone ${ZONE}`,
        `dns.resourceRecordSets.create on the managed zone ${ZONE}`,
        `dns.resourceRecordSets.delete on the managed zone ${ZONE}`,
      ],
    );
    assert.match((await reader.prove()) ?? "", /lacks the permission dns\.changes\.create/);
    const none = credential(await clouds.keyWith());
    assert.match((await none.lacks())[0]?.seen ?? "", /^Google responds with 403 to /);
  });

  it("requires a zone that contains the host", async () => {
    const key = await clouds.keyWith("roles/dns.admin", zonePath(OTHER_ZONE));
    const [lack] = await credential(key, { zone: OTHER_ZONE }).lacks();
    assert.match(lack?.seen ?? "", new RegExp(`^the managed zone ${OTHER_ZONE} is for `));
  });

  it("has excess permissions with a grant on the project", async () => {
    const key = await clouds.keyWith("roles/dns.admin", `/v1/projects/${PROJECT_ID}`);
    assert.deepEqual(await credential(key).excess(), [
      "write to every zone of the project (dns.changes.create)",
    ]);
    const made = { wholeProject: true };
    assert.deepEqual(await credential(key, { made }).excess(), []);
    const owner = await clouds.keyWith("roles/owner", `/v1/projects/${PROJECT_ID}`);
    assert.equal((await credential(owner, { made }).excess()).length, 2);
  });

  it("is not reported as defective if Google does not respond", async () => {
    const key = credential(await clouds.keyWith("roles/dns.admin"));
    await clouds.close();
    await assert.rejects(key.lacks(), NotAvailable);
    await assert.rejects(key.excess(), NotAvailable);
    await assert.rejects(key.count(), NotAvailable);
    await assert.rejects(key.zone(), NotAvailable);
  });
});
