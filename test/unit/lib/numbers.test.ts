import assert from "node:assert/strict";
import { decimalText, goText, hasExponent, wholeNumber } from "../../../lib/numbers.ts";

describe("numbers in Go's form", () => {
  // The results of `fmt.Sprintf("%v", x)` for a float64.
  for (const [number, printed, digits] of [
    [999999, "999999", "999999"],
    [1000000, "1e+06", "1000000"],
    [10000000, "1e+07", "10000000"],
    [-10000000, "-1e+07", "-10000000"],
    [123456789, "1.23456789e+08", "123456789"],
    [1234567.5, "1.2345675e+06", "1234567.5"],
    [999999.5, "999999.5", "999999.5"],
    [0.0001, "0.0001", "0.0001"],
    [0.00001, "1e-05", "0.00001"],
    [-0.0000125, "-1.25e-05", "-0.0000125"],
    [1e21, "1e+21", "1000000000000000000000"],
    [1.5e300, "1.5e+300", `15${"0".repeat(299)}`],
    [0, "0", "0"],
    [0.1, "0.1", "0.1"],
  ] as const) {
    it(`prints ${printed}, and in digits ${digits.slice(0, 25)}`, () => {
      assert.equal(goText(number), printed);
      assert.equal(decimalText(number), digits);
      assert.equal(hasExponent(number), printed.includes("e"));
    });
  }

  // The results of `strconv.ParseInt(text, 0, 64)` and `ParseUint`.
  for (const [text, number] of [
    ["0", 0],
    ["-0", 0],
    ["+12", 12],
    ["0744", 0o744],
    ["0o744", 0o744],
    ["0O17", 15],
    ["-0x1F", -31],
    ["0b101", 5],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["0xFFFFFFFFFFFFFFFF", 18446744073709551615n],
    ["0xFFFFFFFFFFFFFFFFF", undefined],
    ["08", 8],
    ["0b2", undefined],
    ["0x", undefined],
    ["12h", undefined],
    ["", undefined],
  ] as const) {
    it(`reads '${text}' as ${String(number)}`, () => {
      assert.equal(wholeNumber(text), number);
    });
  }
});
