import assert from "node:assert/strict";
import { isDue, managedCredential } from "../../../fleet/rotation.ts";

const credential = {
  createdAt: "2026-09-01T10:00:00Z",
  rotateBy: "2026-11-30",
  rotate: "pulumi up -s prod --replace '**::dns-key'",
};

describe("the credential that a fleet rotates", () => {
  it("is the one in the stack's outputs", () => {
    assert.deepEqual(managedCredential({ host: "a", credential }), {
      ...{ createdAt: credential.createdAt, rotateBy: credential.rotateBy },
      pattern: "**::dns-key",
    });
  });

  it("is undefined where the stack did not create a credential", () => {
    for (const outputs of [
      {},
      { credential: "[secret]" },
      { credential: { ...credential, rotate: "" } },
    ]) {
      assert.equal(managedCredential(outputs), undefined);
    }
  });

  it("is due from its date on, or a number of days before", () => {
    const found = managedCredential({ credential });
    assert(found !== undefined);
    const at = (moment: string, days = 0) => isDue(found, new Date(moment), days);
    assert(!at("2026-11-29T23:59:59Z"));
    assert(at("2026-11-30T00:00:00Z"));
    assert(at("2026-11-20T00:00:00Z", 10));
    assert(!at("2026-11-19T23:59:59Z", 10));
  });
});
