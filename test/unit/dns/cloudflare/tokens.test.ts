import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { apiTokens, removeToken } from "../../../../dns/cloudflare/tokens.ts";
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

  it("are those of its name", async () => {
    const { id } = await makeToken(clouds, undefined, undefined, { name: "of the stack" });
    await makeToken(clouds, undefined, undefined, { name: "of another" });
    assert.deepEqual(await apiTokens("of the stack", undefined, settings()).list(), [id]);
  });

  it("are removed, also those that are gone already", async () => {
    const { id } = await makeToken(clouds);
    await removeToken(id, undefined, settings());
    assert.equal((await clouds.cloudflare("GET", `/user/tokens/${id}`)).status, 404);
    await removeToken(id, undefined, settings());
  });

  it("are not removed by who may not, which is told without what Cloudflare repeats", async () => {
    const { id, value } = await makeToken(clouds);
    const match = "^DELETE ";
    await clouds.control("cloudflare", "POST", "faults", { match, status: 403, echo: true });
    await assert.rejects(removeToken(id, undefined, settings(value)), (error: unknown) => {
      assert(error instanceof RunError);
      assert.equal(
        error.message,
        `The API token ${id} could not be deleted: Cloudflare answers 403 (code 10000)`,
      );
      return true;
    });
  });
});
