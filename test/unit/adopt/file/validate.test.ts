import assert from "node:assert/strict";
import { translate } from "../../../../adopt/file/translate.ts";
import { validate } from "../../../../adopt/file/validate.ts";
import type { StackFile } from "../../../../adopt/stackFile.ts";
import { fixture } from "./fixture.ts";

const emptyStack: StackFile = { settings: {}, encrypted: [] };

describe("the check of a translation", () => {
  it("accepts the guide's example together with the e-mail address that the stack says", () => {
    const existing = { settings: { email: "operator@example.com" }, encrypted: [] };
    const { config, refusals } = validate("prod", existing, translate(fixture("guide")));
    assert.deepEqual(refusals, []);
    assert.equal(config?.domain, "example.com");
    assert.equal(config.email, "operator@example.com");
  });

  it("refuses the guide's example without an e-mail address, which the issuer needs", () => {
    const { refusals } = validate("prod", emptyStack, translate(fixture("guide")));
    assert.deepEqual(refusals, [
      {
        subject: "email",
        problem: "is missing",
        command: "pulumi config set -s prod email you@example.com",
      },
    ]);
  });

  it("names each placeholder of the guide's example once", () => {
    const { config, refusals } = validate("prod", emptyStack, translate(fixture("placeholders")));
    assert.equal(config, undefined);
    assert.deepEqual(refusals.map(({ subject }) => subject).sort(), [
      "email",
      "from",
      "key",
      "keysecret",
    ]);
  });

  it("accepts the file of chart 12.1 with its script and token", () => {
    const translation = translate(fixture("chart-12.1"), {
      zone: "example.com",
      deployedChart: "12.1.2",
    });
    const { config, refusals } = validate("staging", emptyStack, translation);
    assert.deepEqual(refusals, []);
    assert.equal(config?.bidPriceScript, "#!/bin/sh\necho 1\n");
    assert.equal(config.challenge.type, "dns-01");
  });

  it("accepts the file with Google Cloud", () => {
    const translation = translate(fixture("google-cloud"), { zone: "example-com" });
    const { config, refusals } = validate("prod", emptyStack, translation);
    assert.deepEqual(refusals, []);
    assert.equal(config?.storageClass, "beta2");
  });

  it("refuses staging's directory on a production stack", () => {
    const translation = translate(fixture("chart-12.1"), { zone: "example.com" });
    const { refusals } = validate("prod", emptyStack, translation);
    assert.deepEqual(
      refusals.map(({ subject, command }) => [subject, command]),
      [["letsEncrypt.acme.caDirUrl", "pulumi config set -s prod allowOtherDirectory true"]],
    );
  });

  it("tells the problems of the file and of the stack in one go, without a value", () => {
    const existing = { settings: { colour: "red" }, encrypted: [] };
    const { refusals } = validate("prod", existing, translate(fixture("both-providers")));
    const subjects = refusals.map(({ subject }) => subject);
    for (const subject of ["letsEncrypt.enabled", "letsEncrypt.providers", "key", "colour"]) {
      assert(subjects.includes(subject), `${subject} is not among ${subjects.join(", ")}`);
    }
    assert.equal(new Set(subjects).size, subjects.length);
    assert.doesNotMatch(JSON.stringify(refusals), /SENTINEL/);
  });

  it("refuses what is encrypted in the stack and not in the file", () => {
    const existing = {
      settings: { email: "operator@example.com" },
      encrypted: ["walletKey", "dns"],
    };
    const { refusals } = validate("prod", existing, translate(fixture("guide")));
    assert.deepEqual(
      refusals.map(({ subject, command }) => [subject, command]),
      [["dns", "pulumi config rm -s prod dns"]],
    );
  });

  it("gives no command for what the file says, and would say again", () => {
    const { refusals } = validate("prod", emptyStack, translate(fixture("placeholders")));
    const commands = refusals.flatMap(({ command }) => command ?? []);
    assert.deepEqual(commands, ["pulumi config set -s prod email you@example.com"]);
  });

  it("names a wallet that is missing as the file calls it", () => {
    const { key, ...withoutKey } = fixture("guide");
    assert(key !== undefined);
    const existing = { settings: { email: "operator@example.com" }, encrypted: [] };
    const { refusals } = validate("prod", existing, translate(withoutKey));
    assert.deepEqual(refusals, [{ subject: "key", problem: "is missing" }]);
  });
});
