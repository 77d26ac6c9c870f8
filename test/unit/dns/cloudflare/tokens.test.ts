import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { missingRights } from "../../../../dns/cloudflare/operatorRights.ts";
import { apiTokens, refuseFullTokenList, removeToken } from "../../../../dns/cloudflare/tokens.ts";
import { makeToken } from "../../../../sandbox/test/emulators/cloudflareSupport.ts";
import { Clouds } from "../../../../sandbox/test/emulators/support.ts";

describe("Cloudflare's tokens of a stack", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });
  afterEach(() => clouds.close());

  function settings(apiToken = clouds.running.cloudflareAdminToken) {
    return { endpoint: clouds.running.cloudflareUrl, apiToken };
  }

  it("are listed by their name", async () => {
    const { id } = await makeToken(clouds, undefined, undefined, { name: "of the stack" });
    await makeToken(clouds, undefined, undefined, { name: "of another" });
    assert.deepEqual(await apiTokens("of the stack", undefined, settings()).list(), [id]);
  });

  it("are deleted, even if they no longer exist", async () => {
    const { id } = await makeToken(clouds);
    await removeToken(id, undefined, settings());
    assert.equal((await clouds.cloudflare("GET", `/user/tokens/${id}`)).status, 404);
    await removeToken(id, undefined, settings());
  });

  it("are not deleted without permission, and the error does not repeat the request", async () => {
    const { id, value } = await makeToken(clouds);
    const match = "^DELETE ";
    await clouds.control("cloudflare", "POST", "faults", { match, status: 403, echo: true });
    await assert.rejects(removeToken(id, undefined, settings(value)), (error: unknown) => {
      assert(error instanceof RunError);
      assert.equal(
        error.message,
        `The API token ${id} could not be deleted: Cloudflare responds with 403 (code 10000)`,
      );
      return true;
    });
  });

  describe("before the creation of one", () => {
    const accountId = "a".repeat(32);
    const operator = async (...groups: readonly string[]) => {
      const { body } = await clouds.cloudflare<
        readonly { id: string; name: string; scopes: string[] }[]
      >("GET", "/user/tokens/permission_groups");
      const { body: user } = await clouds.control("cloudflare", "POST", "seed", {});
      const resources: Readonly<Record<string, string>> = {
        "com.cloudflare.api.user": `com.cloudflare.api.user.${(user as unknown as { userId: string }).userId}`,
        "com.cloudflare.api.account": `com.cloudflare.api.account.${accountId}`,
        "com.cloudflare.api.account.zone": "com.cloudflare.api.account.zone.*",
      };
      const policies = groups.map((name) => {
        const { id, scopes } =
          body.result.find((group) => group.name === name) ?? assert.fail(name);
        return {
          effect: "allow",
          permission_groups: [{ id }],
          resources: { [resources[scopes[0] ?? ""] ?? ""]: "*" },
        };
      });
      const { body: made } = await clouds.cloudflare("POST", "/user/tokens", {
        name: "operator",
        policies,
      });
      return settings((made.result as unknown as { value: string }).value);
    };

    it("no permission is missing that is granted", async () => {
      const access = await operator("API Tokens Write", "Zone Read");
      assert.equal(await missingRights(undefined, access), undefined);
      const ofAccount = await operator("Account API Tokens Write", "API Tokens Read", "Zone Read");
      assert.equal(await missingRights(accountId, ofAccount), undefined);
    });

    it("the permission to create tokens is missing where tokens may only be read", async () => {
      const access = await operator("API Tokens Read", "Zone Read");
      assert.equal(await missingRights(undefined, access), "User → API Tokens → Edit");
      assert.equal(await missingRights(accountId, access), "Account → Account API Tokens → Edit");
    });

    it("nothing is reported where the token may not read itself", async () => {
      const access = await operator("Zone Read");
      assert.equal(await missingRights(undefined, access), undefined);
      const { apiToken: _, ...key } = { ...access, apiKey: "x", email: "y@z" };
      assert.equal(await missingRights(undefined, key), undefined);
    });
  });

  describe("with the plugin's identity", () => {
    it("are listed and deleted with a global key and its address", async () => {
      const { id } = await makeToken(clouds, undefined, undefined, { name: "of the stack" });
      const access = {
        endpoint: clouds.running.cloudflareUrl,
        apiKey: clouds.running.cloudflareAdminKey,
        email: "operator@sandbox.invalid",
      };
      const tokens = apiTokens("of the stack", undefined, access);
      assert.deepEqual(await tokens.list(), [id]);
      await tokens.remove(id);
      assert.deepEqual(await tokens.list(), []);
    });

    it("are not requested without credentials, and the error has the command", async () => {
      await assert.rejects(
        removeToken("id", undefined, { endpoint: clouds.running.cloudflareUrl }),
        /There are no credentials for Cloudflare\.\n +export CLOUDFLARE_API_TOKEN=/,
      );
    });

    it("are not requested with an unsendable token, which is not shown", async () => {
      await assert.rejects(
        removeToken("id", undefined, settings("SENTINEL\nx")),
        (error: unknown) => {
          assert(error instanceof RunError);
          assert.doesNotMatch(error.message, /SENTINEL/);
          return true;
        },
      );
    });
  });

  it("have a maximum number, after which no token is created", async () => {
    for (let made = 0; made < 50; made += 1) {
      await makeToken(clouds, undefined, undefined, { name: `token ${made}` });
      if (made === 48) {
        await refuseFullTokenList(undefined, settings());
      }
    }
    await assert.rejects(
      refuseFullTokenList(undefined, settings()),
      /You have 50 API tokens at Cloudflare, which allows no more than 50/,
    );
    await clouds.control("cloudflare", "POST", "faults", { match: "^GET ", status: 403 });
    // Without the permission to list tokens, the attempt shows it.
    await refuseFullTokenList(undefined, settings());
  });
});
