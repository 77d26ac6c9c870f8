/** The range of Go's integers. */
const int64Minimum = -(2n ** 63n);
const uint64Maximum = 2n ** 64n - 1n;

/** A whole number in the syntax of Go, without its sign (strconv.ParseInt with base 0). */
const goForms = [
  { form: /^0[xX]([\da-fA-F]+)$/, javaScript: "0x" },
  { form: /^0[bB]([01]+)$/, javaScript: "0b" },
  { form: /^0[oO]?([0-7]+)$/, javaScript: "0o" },
] as const;

/**
 * A whole number as Go reads it: decimal, or after `0x`, `0b`, `0o` or `0` to base 16, 2 or 8.
 *
 * @returns a BigInt where a double may not represent it; undefined where the text is not a whole number, or exceeds Go's
 *   types
 */
export function wholeNumber(text: string): number | bigint | undefined {
  const [, sign = "", unsigned = ""] = /^([-+]?)(.+)$/.exec(text) ?? [];
  const [other] = goForms.flatMap(({ form, javaScript }) => {
    const digits = form.exec(unsigned)?.[1];
    return digits === undefined ? [] : [`${javaScript}${digits}`];
  });
  const inRange = (number: bigint) => number >= int64Minimum && number <= uint64Maximum;
  const signed = (digits: string) => (sign === "-" ? -BigInt(digits) : BigInt(digits));
  if (other !== undefined && inRange(signed(other))) {
    return narrowed(signed(other));
  }
  // Go reads a number with a leading 0 that is not octal as a float without a fraction.
  return /^\d+$/.test(unsigned) ? narrowed(signed(unsigned)) : undefined;
}

function narrowed(whole: bigint): number | bigint {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

/**
 * Whether Go, and so a Helm template (`{{ .Values.x }}`), prints a number with an exponent: from a million on, and below a
 * ten-thousandth (strconv/ftoa.go, the shortest `%g`).
 */
export function hasExponent(number: number): boolean {
  const [, exponent] = number.toExponential().split("e");
  return exponent !== undefined && (Number(exponent) < -4 || Number(exponent) >= 6);
}

/** A number as Go prints it, such as `1e+07`. */
export function goText(number: number): string {
  return hasExponent(number)
    ? number.toExponential().replace(/e([-+])(\d)$/, "e$10$2")
    : String(number);
}

/** A finite number in decimal digits, without an exponent. */
export function decimalText(number: number): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(number.toExponential()) ?? [];
  const digits = `${whole}${fraction}`;
  const point = 1 + Number(exponent);
  if (point <= 0) {
    return `${sign}0.${"0".repeat(-point)}${digits}`;
  }
  const padded = digits.padEnd(point, "0");
  const rest = padded.slice(point);
  return `${sign}${padded.slice(0, point)}${rest === "" ? "" : `.${rest}`}`;
}

/** A value that a Helm template prints in decimal digits: the number, or its text where Go would print an exponent. */
export function printedInDigits(number: number): number | string {
  return hasExponent(number) ? decimalText(number) : number;
}
