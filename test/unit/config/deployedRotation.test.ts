import assert from "node:assert/strict";
import { deployedRotation } from "../../../config/deployedRotation.ts";
import { UserError } from "../../../lib/errors.ts";
import type { StackResource } from "../../../lib/pulumi.ts";
import { runProgram } from "../../support/mocks.ts";
import { warningsOf } from "../../support/warnings.ts";

const none = { type: "t", inputs: {}, outputs: {} };

/** A state with the key of a credential, and with unrelated resources. */
const stateWith =
  (replacementTrigger: unknown, name = "dns-key") =>
  () =>
    Promise.resolve<readonly StackResource[]>([
      { ...none, urn: "urn:pulumi:home::p::t::other-key", replacementTrigger: "2026-12-01 UTC" },
      { ...none, urn: `urn:pulumi:home::p::t::${name}`, replacementTrigger },
      { ...none, urn: `urn:pulumi:home::p::t::${name}`, replacementTrigger: "gone", delete: true },
    ]);

describe("a rotation by date of a deployed stack", () => {
  before(() => runProgram("home", () => ({})));

  for (const [setting, inState] of [
    ["2026-12-01", "2026-12-01 00:00:00 +0000 UTC"],
    ["2026-12-01", "2026-12-01T00:00:00Z"],
    ["2026-12-01", "2026-12-1"],
    ["2026-12-01", "2026-12-01"],
    ["2026-12-01T10:00:00+01:00", "2026-12-01 10:00:00 +0100 CET"],
    ["2026-12-01T10:00:00Z", "2026-12-01 10:00:00"],
  ] as const) {
    for (const name of ["dns-key", "dns-token"]) {
      it(`stays ${inState} in the state of ${name} where the setting is ${setting}`, async () => {
        assert.equal(await deployedRotation(setting, stateWith(inState, name)), inState);
      });
    }
  }

  it("rotates for another moment, or another text", async () => {
    for (const inState of ["2026-12-02 00:00:00 +0000 UTC", "first", undefined, null, { a: 1 }]) {
      assert.equal(await deployedRotation("2026-12-01", stateWith(inState)), "2026-12-01");
    }
    assert.equal(
      await deployedRotation("2026-12-01", () => Promise.resolve(undefined)),
      "2026-12-01",
    );
  });

  it("reads no state where it is not a moment", async () => {
    const asked = () => assert.fail("asked");
    for (const text of ["first", "2026-12", "22:30", "2026-12-01 at noon"]) {
      assert.equal(await deployedRotation(text, asked), text);
    }
  });

  it("warns in the preview that a replacement may be only for the form where the state cannot be read", async () => {
    const warnings = await warningsOf(async () => {
      const refused = () => Promise.reject(new UserError("no access"));
      assert.equal(await deployedRotation("2026-12-01", refused), "2026-12-01");
    });
    assert.match(
      warnings.join("\n"),
      /^The form .* could not be read: no access\n.*only the form differs/,
    );
  });
});
