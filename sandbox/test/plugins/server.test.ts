import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { isSecret, PluginClient, secret, UNKNOWN } from "./client.ts";

const PASSWORD = "random:index/randomPassword:RandomPassword";

describe("the server of the stand-in plugins", function () {
  this.timeout(20_000);

  const plugins: PluginClient[] = [];
  const start = async (name: string, environment?: NodeJS.ProcessEnv) => {
    const plugin = await PluginClient.start(name, environment);
    plugins.push(plugin);
    return plugin;
  };

  afterEach(async () => {
    await Promise.all(plugins.splice(0).map((plugin) => plugin.stop()));
  });

  for (const name of ["gcp", "cloudflare", "random"]) {
    it(`reports the version of the SDK for ${name}`, async () => {
      const { version } = createRequire(import.meta.url)(`@pulumi/${name}/package.json`) as {
        version: string;
      };
      assert.equal(await (await start(name)).version(), version);
    });
  }

  it("supports previews", async () => {
    assert.equal(await (await start("random")).configure({}), true);
  });

  it("names an invalid endpoint", async () => {
    const plugin = await start("gcp");
    assert.deepEqual(
      await plugin.checkConfig({
        iamBetaCustomEndpoint: "http://127.0.0.1:1/v1",
        dnsCustomEndpoint: "http://127.0.0.1:1/dns/v1beta2/",
        resourceManagerCustomEndpoint: UNKNOWN,
      }),
      [
        'iamBetaCustomEndpoint: "http://127.0.0.1:1/v1" must end with a path and a slash, as in /v1/',
      ],
    );
  });

  it("refuses a Cloudflare token in the wrong format without showing it", async () => {
    const plugin = await start("cloudflare");
    const [failure = ""] = await plugin.checkConfig({ apiToken: secret("not-a-token") });
    assert.match(failure, /^apiToken: API tokens must have 40 to 80 characters/);
    assert.doesNotMatch(failure, /not-a-token/);
  });

  it("never calls a real cloud: without an endpoint it calls nothing", async () => {
    const google = await start("gcp", { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.some" });
    await google.configure({ project: "p" });
    await assert.rejects(
      google.invoke("gcp:dns/getManagedZones:getManagedZones", {}),
      /gcp:dnsCustomEndpoint is not set/,
    );
    const cloudflare = await start("cloudflare", { CLOUDFLARE_API_TOKEN: "x".repeat(40) });
    await cloudflare.configure({});
    await assert.rejects(
      cloudflare.invoke("cloudflare:index/getZones:getZones", {}),
      /cloudflare:baseUrl is not set/,
    );
  });

  it("names an unknown type and an unknown function", async () => {
    const plugin = await start("random");
    await plugin.configure({});
    await assert.rejects(
      plugin.check("random:index/randomPet:RandomPet", {}),
      /the stand-in for random has no resource random:index\/randomPet:RandomPet/,
    );
    await assert.rejects(
      plugin.invoke("random:index/f:f", {}),
      /has no function random:index\/f:f/,
    );
  });

  it("opens secret inputs and marks secret outputs", async () => {
    const plugin = await start("random");
    await plugin.configure({});
    const { outputs } = await plugin.create(PASSWORD, {
      ...(await plugin.check(PASSWORD, { length: secret(20) })),
    });
    assert.equal(outputs.length, 20);
    assert.ok(isSecret(outputs.result));
  });

  it("refuses missing and unknown inputs", async () => {
    const plugin = await start("random");
    await plugin.configure({});
    await assert.rejects(
      plugin.check(PASSWORD, { size: 3 }),
      /there is no input "size"; missing required property "length"/,
    );
  });
});
