import fc from "fast-check";

/** Plain scalars, and the value that Helm's parser reads from each. */
export const plainScalars: readonly (readonly [
  string,
  string | number | bigint | boolean | null,
])[] = [
  // Whole numbers, in four bases.
  ["0", 0],
  ["-0", 0],
  ["+12", 12],
  ["0744", 484],
  ["-0744", -484],
  ["0o744", 484],
  ["0O17", 15],
  ["0x1F", 31],
  ["-0x1f", -31],
  ["0b101", 5],
  ["1_000", 1000],
  ["0_7", 7],
  ["1_", 1],
  ["08", 8],
  ["0899", 899],
  ["1000000", 1000000],
  ["9007199254740993", 9007199254740993n],
  ["18446744073709551615", 18446744073709551615n],
  ["-9223372036854775808", -9223372036854775808n],
  ["0xFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFF"],
  ["0o8", "0o8"],
  ["0b2", "0b2"],
  ["0x", "0x"],
  ["_1", "_1"],
  ["1,000", "1,000"],
  // Fractions and exponents.
  ["1.60", 1.6],
  ["1.", 1],
  [".5", 0.5],
  ["+.5", 0.5],
  [".5_0", 0.5],
  ["1_000.5", 1000.5],
  ["1e7", 10000000],
  ["1E+7", 10000000],
  ["1.e3", 1000],
  ["-1.25e-05", -0.0000125],
  ["1e-400", 0],
  ["1e400", "1e400"],
  ["12e", "12e"],
  ["1.2.3", "1.2.3"],
  // Booleans and null.
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"].map(
    (word) => [word, true] as const,
  ),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"].map(
    (word) => [word, false] as const,
  ),
  ...["yEs", "oN", "tRUE", "nULL", "none", "None"].map((word) => [word, word] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  // Further forms of YAML 1.1, which Helm's parser does not support.
  ...[
    ...[
      "2024-01-15",
      "2024-01-15T10:00:00Z",
      "2024-01-15 10:00:00",
      "2001-12-14t21:59:43.10-05:00",
    ],
    ...["22:30", "+05:30", "-05:30", "190:20:30", "190:20:30.15", "1:60", "=", "<<"],
  ].map((word) => [word, word] as const),
  // Unquoted texts in values.
  ...[
    "12h",
    "5000000uakt",
    "0.025uakt",
    "akashnet-2",
    "10Gi",
    "2000m",
    "0.00016,beta2=0.00016",
  ].map((word) => [word, word] as const),
];

/** Characters with a meaning in YAML, or that are not preserved. */
const telling =
  "\n\t \r#:-'\"\\|>&*!%@`{}[],?=<~._+eExXoOyYnN0123456789T\u0085\u00a0\u2028\u2029\ufeff\ufffe\uffff\u0007\u007f\u{1f600}";

/** Text of every kind, often such that a YAML parser might read it as another type. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...plainScalars.map(([scalar]) => scalar)),
  fc.string({ unit: fc.constantFrom(...telling), maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 10 }).map((text) => text.toWellFormed()),
);

/** Numbers, large and small. */
export const anyNumber: fc.Arbitrary<number | bigint> = fc.oneof(
  fc.integer(),
  fc.integer({ min: 1_000_000, max: Number.MAX_SAFE_INTEGER }),
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((number) =>
      Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(number) : number + 0,
    ),
);

/** Any YAML value: maps, lists, text, numbers, booleans and null. */
export const yamlTree: fc.Arbitrary<unknown> = fc.letrec<{ readonly tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    anyText,
    anyNumber,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(anyText, tie("tree"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).tree;
