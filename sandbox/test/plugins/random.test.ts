import assert from "node:assert/strict";
import { isSecret, opened, PluginClient, UNKNOWN } from "./client.ts";

const ID = "random:index/randomId:RandomId";
const STRING = "random:index/randomString:RandomString";
const PASSWORD = "random:index/randomPassword:RandomPassword";

describe("the stand-in for the random plugin", function () {
  this.timeout(20_000);

  let plugin: PluginClient;

  before(async () => {
    plugin = await PluginClient.start("random");
    await plugin.configure({});
  });

  after(() => plugin.stop());

  it("returns an id in every format, each with the prefix", async () => {
    const { id, outputs } = await plugin.make(ID, { byteLength: 4, prefix: "akash-" });
    const bytes = Buffer.from(id, "base64url");
    assert.equal(bytes.length, 4);
    assert.equal(outputs.hex, `akash-${bytes.toString("hex")}`);
    assert.equal(outputs.b64Url, `akash-${id}`);
    assert.equal(outputs.b64Std, `akash-${bytes.toString("base64")}`);
    assert.equal(outputs.dec, `akash-${bytes.readUInt32BE()}`);
  });

  it("does not know the id before its creation", async () => {
    const inputs = await plugin.check(ID, { byteLength: 4 });
    const { id, outputs } = await plugin.create(ID, inputs, true);
    assert.equal(id, "");
    assert.equal(outputs.hex, UNKNOWN);
    assert.equal(outputs.byteLength, 4);
  });

  it("replaces when a keeper changes, and only then", async () => {
    const { outputs, inputs } = await plugin.make(ID, { byteLength: 4, keepers: { zone: "a" } });
    assert.equal((await plugin.diff(ID, outputs, inputs)).changed, false);
    const change = await plugin.diff(ID, outputs, { ...inputs, keepers: { zone: "b" } });
    assert.deepEqual(change.replaces, ["keepers"]);
    assert.equal(change.deleteBeforeReplace, false);
  });

  it("imports an id, with its prefix if it has one", async () => {
    const imported = async (id: string) => {
      const found = await plugin.read(ID, id, {}, {});
      assert(found);
      return found;
    };
    const { id, outputs, inputs } = await imported("akash-,ChssPQ");
    assert.equal(id, "akash-,ChssPQ");
    assert.equal(outputs.hex, "akash-0a1b2c3d");
    assert.deepEqual(inputs, { byteLength: 4, prefix: "akash-" });
    assert.equal((await imported("ChssPQ")).outputs.hex, "0a1b2c3d");
  });

  it("reads the values of the state", async () => {
    const { id, outputs, inputs } = await plugin.make(STRING, { length: 8 });
    const found = await plugin.read(STRING, id, outputs, inputs);
    assert.deepEqual(found, { id, outputs, inputs });
  });

  it("generates strings of the requested characters", async () => {
    const { id, outputs } = await plugin.make(STRING, {
      length: 12,
      upper: false,
      numeric: false,
      minSpecial: 3,
      overrideSpecial: "_",
    });
    assert.equal(id, outputs.result);
    assert.match(String(outputs.result), /^[a-z_]{12}$/);
    assert.ok(String(outputs.result).split("_").length > 3);
    assert.equal(outputs.number, false);
  });

  it("keeps a password secret and out of the id", async () => {
    const { id, outputs } = await plugin.make(PASSWORD, { length: 30, special: false });
    assert.equal(id, "none");
    assert.ok(isSecret(outputs.result));
    assert.match(String(opened(outputs).result), /^[A-Za-z0-9]{30}$/);
  });

  it("refuses a length below the sum of the minimums, and an empty alphabet", async () => {
    await assert.rejects(plugin.check(STRING, { length: 2, minLower: 2, minUpper: 1 }), /"length"/);
    await assert.rejects(
      plugin.check(STRING, {
        length: 2,
        lower: false,
        upper: false,
        numeric: false,
        special: false,
      }),
      /no characters are allowed/,
    );
  });
});
