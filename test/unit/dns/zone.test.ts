import assert from "node:assert/strict";
import { zoneContains } from "../../../dns/zone.ts";

describe("zone", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["example.com.", "provider.example.com", true],
    ["example.com", "example.com", true],
    ["ample.com.", "provider.example.com", false],
    ["provider.example.com.", "example.com", false],
    ["bücher.example", "provider.xn--bcher-kva.example", true],
    ["xn--bcher-kva.example.", "provider.Bücher.example", true],
    ["bucher.example", "provider.bücher.example", false],
  ];
  for (const [zone, host, contains] of cases) {
    it(`${zone} ${contains ? "contains" : "does not contain"} ${host}`, () => {
      assert.equal(zoneContains(zone, host), contains);
    });
  }
});
