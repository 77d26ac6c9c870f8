import assert from "node:assert/strict";
import {
  holdsSecret,
  isStructured,
  metaOf,
  optionsOf,
  secretPaths,
} from "../../../config/options.ts";
import { settings, type SettingName } from "../../../config/settings.ts";

const names = Object.keys(settings) as SettingName[];

describe("the metadata of the settings", () => {
  it("has a description for every setting and every option", () => {
    const paths = names.flatMap((name) => [
      name,
      ...optionsOf(name).map((option) => `${name}.${option.name}`),
    ]);
    assert.deepEqual(
      paths.filter((path) => (metaOf(path).description ?? "") === ""),
      [],
    );
  });

  it("contains which settings are objects and lists, and the options inside", () => {
    assert.deepEqual(names.filter(isStructured), [
      "attributes",
      "dns",
      "wildcard",
      "ingress",
      "accept",
      "values",
    ]);
    const options = (name: SettingName) => optionsOf(name).map((option) => option.name);
    assert.deepEqual(options("attributes"), ["key", "value"]);
    assert.deepEqual(options("ingress"), ["mode", "gatewayName", "gatewayNamespace", "className"]);
    assert(
      ["project", "zone", "accountId", "rotation"].every((name) => options("dns").includes(name)),
    );
    assert.deepEqual(options("domain"), []);
  });

  it("contains which settings are credentials, or contain one", () => {
    assert.deepEqual(secretPaths(), [
      "walletKey",
      "walletPassword",
      "dns.serviceAccountKey",
      "dns.apiToken",
    ]);
    assert.deepEqual(names.filter(holdsSecret), ["walletKey", "walletPassword", "dns"]);
  });
});
