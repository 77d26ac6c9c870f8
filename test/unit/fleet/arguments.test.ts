import assert from "node:assert/strict";
import { fleetLine } from "../../../fleet/arguments.ts";

const refused: readonly (readonly [line: string, sentence: RegExp])[] = [
  ["destroy", /^destroy is not one of preview, up, rotate, doctor\./],
  ["up --all", /^--all is only for rotate/],
  ["preview --due-within 3", /^--due-within is only for rotate/],
  ["doctor --policy-pack policy", /^--policy-pack is not for the doctor/],
  ["up --concurrency 0", /^--concurrency takes a whole number from 1, not 0\./],
  ["up --patience 1.5", /^--patience takes a whole number from 0, not 1\.5\./],
  ["rotate --due-within 123456", /^--due-within takes a whole number from 0, not 123456\./],
];

describe("the command line of a fleet", () => {
  it("has defaults for all but the action", () => {
    const found = fleetLine.parse(["up"]);
    assert(found !== undefined);
    const { stacks, canary, concurrency, patience, doctorOptions } = found;
    assert.deepEqual([stacks, canary, concurrency], [[], undefined, 4]);
    assert.deepEqual([patience, doctorOptions], [300_000, []]);
  });

  it("passes the arguments after -- to the doctor", () => {
    const found = fleetLine.parse(["doctor", "--json", "--", "--dns-server", "1.1.1.1", "--json"]);
    assert.deepEqual(found?.doctorOptions, ["--dns-server", "1.1.1.1", "--json"]);
  });

  for (const [line, sentence] of refused) {
    it(`refuses ${line}`, () => {
      assert.throws(() => fleetLine.parse(line.split(" ")), { message: sentence });
    });
  }
});
