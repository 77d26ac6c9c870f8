import assert from "node:assert/strict";
import { isDue, managedCredential } from "../../../fleet/rotation.ts";

const credential = {
  createdAt: "2026-09-01T10:00:00Z",
  rotateBy: "2026-11-30",
  rotate: "pulumi up -s prod --replace '**::dns-key'",
};

describe("what a fleet rotates", () => {
  it("is what the stack's outputs tell of", () => {
    assert.deepEqual(managedCredential({ host: "a", credential }), {
      ...{ createdAt: credential.createdAt, rotateBy: credential.rotateBy },
      pattern: "**::dns-key",
    });
  });

  it("is nothing where the stack has no credential of its own making", () => {
    for (const outputs of [
      {},
      { credential: "[secret]" },
      { credential: { ...credential, rotate: "" } },
    ]) {
      assert.equal(managedCredential(outputs), undefined);
    }
  });

  it("is due from its day on, or so many days before", () => {
    const found = managedCredential({ credential });
    assert(found !== undefined);
    const at = (moment: string, days = 0) => isDue(found, new Date(moment), days);
    assert(!at("2026-11-29T23:59:59Z"));
    assert(at("2026-11-30T00:00:00Z"));
    assert(at("2026-11-20T00:00:00Z", 10));
    assert(!at("2026-11-19T23:59:59Z", 10));
  });
});
