import assert from "node:assert/strict";
import { printable, printableLine } from "../../../lib/printable.ts";

describe("text for a terminal", () => {
  for (const [what, text, shown] of [
    ["a screen that is cleared", "a\u001b[2J\u001b[Hb", "a\\u001b[2J\\u001b[Hb"],
    ["a title that is set", "\u001b]0;evil\u0007", "\\u001b]0;evil\\u0007"],
    ["a line that is overwritten", "error\rok   ", "error\\u000dok   "],
    ["an erased character", "ab\b\u007f", "ab\\u0008\\u007f"],
    ["C1", "\u009b31m\u0085", "\\u009b31m\\u0085"],
    [
      "another direction",
      "\u202egpj\u202c\u2066x\u2069\u200f",
      "\\u202egpj\\u202c\\u2066x\\u2069\\u200f",
    ],
    ["what has no width", "a\u200bb\u2060\ufeff\u00ad", "a\\u200bb\\u2060\\ufeff\\u00ad"],
    ["line separators", "a\u2028b\u2029", "a\\u2028b\\u2029"],
    ["tags", "a\u{e0041}", "a\\udb40\\udc41"],
    ["half a character", "a\ud800", "a\\ud800"],
    ["NUL", "a\0", "a\\u0000"],
  ] as const) {
    it(`shows ${what} as an escape`, () => {
      assert.equal(printable(text), shown);
      assert.equal(printableLine(text), shown);
    });
  }

  it("leaves letters, signs and emoji unchanged", () => {
    const text = "Größe, 日本語, عربي, ✔ ✖ … → 🔓 “so”";
    assert.equal(printableLine(text), text);
  });

  it("keeps the lines of a message, and escapes line breaks in a single line", () => {
    const text = "failed:\n\t16 ok";
    assert.equal(printable(text), text);
    assert.equal(printableLine(text), "failed:\\u000a\\u000916 ok");
  });

  it("keeps the meaning of JSON", () => {
    const value = { "k\u202e": "a\u0085\u2028\u{e0041}\u001b\n" };
    const text = printable(JSON.stringify(value, undefined, 2));
    assert.deepEqual(JSON.parse(text), value);
    assert.match(text, /^[\x20-\x7e\n]*$/);
  });
});
