import assert from "node:assert/strict";
import { parseValues, readValues } from "../../../../adopt/file/readValues.ts";

describe("reading a values file", () => {
  const parse = (text: string) => parseValues(text, "provider.yaml");

  it("reads YAML 1.1, as Helm does", () => {
    assert.deepEqual(parse("a: yes\nb: 0744\nc: 12h\n"), { a: true, b: 0o744, c: "12h" });
  });

  it("leaves dates, times and offsets the text that they are", () => {
    assert.deepEqual(parse("a: 2024-01-15\nb: 22:30\nc: +05:30\n"), {
      a: "2024-01-15",
      b: "22:30",
      c: "+05:30",
    });
  });

  it("keeps the digits of a number that no double holds, at any depth", () => {
    assert.deepEqual(parse("a: 9007199254740993\nb: {c: [18446744073709551616]}\nd: 10000000\n"), {
      a: "9007199254740993",
      b: { c: ["18446744073709551616"] },
      d: 10000000,
    });
  });

  it("refuses what Helm has no number for, with its path", () => {
    assert.throws(() => parse("a: {b: .inf}\n"), { name: "UserError", message: /at a\.b/ });
    assert.throws(() => parse("a: [.nan]\n"), { name: "UserError", message: /at a\.0/ });
  });

  it("refuses what is not YAML, with the place and without the line", () => {
    assert.throws(() => readValues("test/unit/adopt/file/fixtures/malformed.txt"), {
      name: "UserError",
      message:
        /^test\/unit\/adopt\/file\/fixtures\/malformed\.txt is not YAML: line \d+, column \d+ \([a-z ]+\)\.$/,
    });
  });

  for (const [what, text] of [
    ["nothing", ""],
    ["a comment", "# nothing\n"],
    ["a list", "- from: x\n"],
    ["a text", "SENTINEL\n"],
  ] as const) {
    it(`refuses a file that holds ${what}`, () => {
      assert.throws(() => parse(text), { message: /^provider\.yaml holds no chart values/ });
    });
  }

  it("refuses two documents", () => {
    assert.throws(() => parse("a: 1\n---\nb: 2\n"), { message: /has 2 YAML documents/ });
  });

  it("refuses a key that is there twice", () => {
    assert.throws(() => parse("key: SENTINEL\nkey: other\n"), { message: /line 2.*duplicate key/ });
  });

  it("says how to get the file where there is none", () => {
    assert.throws(() => readValues("none.yaml"), { message: /helm get values/ });
  });
});
