import assert from "node:assert/strict";
import { momentInUtc, writtenMoment } from "../../../lib/moments.ts";
import { parsePulumiYaml } from "../../../lib/yaml.ts";

describe("a moment in a stack's file", () => {
  // What Pulumi passes for each without quotes, and writes back into the file.
  for (const [inFile, handedOver, written] of [
    ["2026-12-01", "2026-12-01 00:00:00 +0000 UTC", "2026-12-01"],
    ["2026-1-2", "2026-01-02 00:00:00 +0000 UTC", "2026-01-02"],
    ["2027-01-31T00:00:00Z", "2027-01-31 00:00:00 +0000 UTC", "2027-01-31"],
    ["2027-01-31T10:00:00Z", "2027-01-31 10:00:00 +0000 UTC", "2027-01-31T10:00:00Z"],
    ["2027-01-31 10:00:00", "2027-01-31 10:00:00 +0000 UTC", "2027-01-31T10:00:00Z"],
    ["2027-01-31T00:00:00.5Z", "2027-01-31 00:00:00.5 +0000 UTC", "2027-01-31T00:00:00.5Z"],
    ["2027-01-31T00:00:00+02:00", "2027-01-31 00:00:00 +0200 +0200", "2027-01-31T00:00:00+02:00"],
    [
      "2001-12-14t21:59:43.10-05:00",
      "2001-12-14 21:59:43.1 -0500 -0500",
      "2001-12-14T21:59:43.1-05:00",
    ],
    // Where the machine's own zone has that offset, Go knows its name.
    ["2027-01-31T00:00:00+01:00", "2027-01-31 00:00:00 +0100 CET", "2027-01-31T00:00:00+01:00"],
  ] as const) {
    it(`is ${written} where the file has ${inFile}, read by Pulumi or by adopt`, () => {
      assert.equal(writtenMoment(handedOver), written);
      assert.deepEqual(parsePulumiYaml(`v: ${inFile}`), { v: written });
      assert.deepEqual(parsePulumiYaml(`v: "${inFile}"`), { v: inFile });
    });
  }

  for (const text of ["22:30", "+05:30", "2026-12", "2026-13-41", "first", "12h", ""]) {
    it(`is not ${text === "" ? "nothing" : text}`, () => {
      assert.equal(writtenMoment(text), text);
      assert.deepEqual(parsePulumiYaml(`v: ${text}`), { v: text === "" ? null : text });
    });
  }

  for (const [text, moment] of [
    ["2027-01-31", "2027-01-31T00:00:00Z"],
    ["2027-01-31T10:00:00Z", "2027-01-31T10:00:00Z"],
    ["2027-01-31T10:00:00.25Z", "2027-01-31T10:00:00.25Z"],
    ["2027-01-31T10:00:00", "2027-01-31T10:00:00Z"],
    ["2027-01-31T10:00:00+02:00", "2027-01-31T08:00:00Z"],
    ["2027-01-31 10:00:00-05:00", "2027-01-31T15:00:00Z"],
    ["2027-13-31", "2027-13-31"],
    ["tomorrow", "tomorrow"],
  ] as const) {
    it(`is ${moment} in UTC where it is ${text}`, () => {
      assert.equal(momentInUtc(text), moment);
    });
  }

  it("is text beside words that are not booleans for Pulumi, and Go's numbers", () => {
    assert.deepEqual(parsePulumiYaml("a: yes\nb: 0744\nc: 0o17\nd: true\ne: 1e7\nf: ~\n"), {
      a: "yes",
      b: 484,
      c: 15,
      d: true,
      e: 10000000,
      f: null,
    });
  });
});
