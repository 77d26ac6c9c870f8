import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { serviceAccountKeys } from "../../../../dns/googleCloud/keys.ts";
import { Clouds } from "../../../../sandbox/test/emulators/support.ts";

describe("Google's keys of a stack's account", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function keysOf(account: string) {
    const { googleUrl, googleAdminToken } = clouds.running;
    return serviceAccountKeys(account, {
      iamEndpoint: `${googleUrl}/v1/`,
      accessToken: googleAdminToken,
    });
  }

  it("are the user-managed ones, and can be deleted", async () => {
    const key = await clouds.keyWith("roles/dns.admin");
    const keys = keysOf(key.client_email);
    assert.deepEqual(await keys.list(), [key.private_key_id]);
    await keys.remove(key.private_key_id);
    assert.deepEqual(await keys.list(), []);
  });

  it("cause errors that do not repeat the request, where they cannot be listed or deleted", async () => {
    const { client_email: account } = await clouds.keyWith("roles/dns.admin");
    const fault = { match: "/keys", status: 403, echo: true, times: 2 };
    await clouds.control("google", "POST", "faults", fault);
    const keys = keysOf(account);
    await refused(keys.list(), `The keys of ${account} could not be listed`);
    await refused(keys.remove("some-key"), "The key some-key could not be deleted");
  });

  async function refused(call: Promise<unknown>, what: string): Promise<void> {
    await assert.rejects(call, (error: unknown) => {
      assert(error instanceof RunError);
      assert.equal(error.message, `${what}: Google responds with 403 (PERMISSION_DENIED)`);
      return true;
    });
  }
});
