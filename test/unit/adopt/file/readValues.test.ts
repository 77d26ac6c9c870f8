import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseValues, parseValuesFile, readValues } from "../../../../adopt/file/readValues.ts";

describe("reading a values file", () => {
  const parse = (text: string) => parseValues(text, "provider.yaml");

  it("reads YAML 1.1, like Helm", () => {
    assert.deepEqual(parse("a: yes\nb: 0744\nc: 12h\n"), { a: true, b: 0o744, c: "12h" });
  });

  it("keeps dates, times and offsets as text", () => {
    assert.deepEqual(parse("a: 2024-01-15\nb: 22:30\nc: +05:30\n"), {
      a: "2024-01-15",
      b: "22:30",
      c: "+05:30",
    });
  });

  it("keeps the digits of a number that a double cannot represent, at any depth", () => {
    assert.deepEqual(parse("a: 9007199254740993\nb: {c: [18446744073709551616]}\nd: 10000000\n"), {
      a: "9007199254740993",
      b: { c: ["18446744073709551616"] },
      d: 10000000,
    });
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
    it(`refuses a file that contains ${what}`, () => {
      assert.throws(() => parse(text), { message: /^provider\.yaml contains no chart values/ });
    });
  }

  it("reads the first of two documents, like Helm, and reports the other", () => {
    const read = parseValuesFile("a: 1\n---\nb: 2\n---\n# nothing\n", "provider.yaml");
    assert.deepEqual([read.values, read.otherDocuments], [{ a: 1 }, 1]);
  });

  it("ignores an empty last document", () => {
    for (const end of ["---\n", "---\n# nothing\n", "...\n", "---\nnull\n"]) {
      assert.deepEqual(parse(`---\na: 1\n${end}`), { a: 1 }, end);
    }
  });

  it("uses the last of repeated keys, like Helm, and reports the lines", () => {
    const text = "key: one\nimage:\n  tag: a\n  tag: b\nkey: two\nkey: three\n";
    const { values, repeated } = parseValuesFile(text, "provider.yaml");
    assert.deepEqual(values, { key: "three", image: { tag: "b" } });
    assert.deepEqual(repeated, [
      { path: "image.tag", lines: [3, 4] },
      { path: "key", lines: [1, 5, 6] },
    ]);
  });

  it("reports the place of each value", () => {
    const { places } = parseValuesFile(
      "domain: x\nattributes:\n  - key: a\n    value:\n",
      "provider.yaml",
    );
    assert.deepEqual(places.get("domain"), { line: 1, column: 1 });
    assert.deepEqual(places.get("attributes.0.value"), { line: 4, column: 5 });
  });

  it("resolves aliases and merge keys, in the order of the keys", () => {
    const text = [
      "base: &base { cpu: 1, memory: 2 }",
      "more: &more { memory: 3, disk: 4 }",
      "copy: *base",
      "merged: { <<: *base, memory: 5 }",
      "list: { <<: [*base, *more] }",
      "quoted: { '<<': text }",
      "",
    ].join("\n");
    const { base: _, more: __, ...values } = parse(text);
    assert.deepEqual(values, {
      copy: { cpu: 1, memory: 2 },
      merged: { cpu: 1, memory: 5 },
      list: { cpu: 1, memory: 2, disk: 4 },
      quoted: { "<<": "text" },
    });
  });

  const many = (level: number) => `l${level}: &l${level} [${`*l${level - 1},`.repeat(9)}]\n`;
  for (const [what, text, where] of [
    [
      "an alias without an anchor",
      "a: 1\nb: *none\n",
      "line 2, column 4 (an alias (*) without an anchor",
    ],
    [
      "an alias before its anchor",
      "a: *x\nb: &x 1\n",
      "line 1, column 4 (an alias (*) without an anchor",
    ],
    ["a circular alias", "a: &x\n  b: *x\n", "line 2, column 6 (an alias (*) is inside"],
    ["a circular merge key", "a: &x\n  <<: *x\n", "line 2, column 7 (an alias (*) is inside"],
    ["a merge key that is a text", "a:\n  <<: SENTINEL\n", "line 2, column 7 (a merge key"],
    ["a merge key of a list", "a: &x [1]\nb: { <<: *x }\n", "line 2, column 10 (a merge key"],
    ["a list of merge keys with a text", "a: { <<: [{}, 1] }\n", "line 1, column 15 (a merge key"],
    ["an empty merge key", "a:\n  <<:\n", "(a merge key"],
    ["an infinity", "a: [.inf]\n", "line 1, column 5 (.inf and .nan are valid only"],
    ["not a number", "a:\n  b: .nan\n", "line 2, column 6 (.inf and .nan are valid only"],
    ["a key that is a list", "? [a]\n: 1\n", "line 1, column 3 (a key is not text"],
    [
      "aliases that grow without end",
      `l0: &l0 [x]\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(many).join("")}`,
      "(its aliases (*) expand to too much content",
    ],
  ] as const) {
    it(`refuses ${what} in one sentence, with its place`, () => {
      assert.throws(
        () => parse(text),
        ({ name, message }: Error) =>
          name === "UserError" &&
          message.startsWith("provider.yaml is not YAML that Helm reads: line ") &&
          message.includes(where) &&
          !/SENTINEL|\n/.test(message),
      );
    });
  }

  describe("from the disk", () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "values-"));
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    it("refuses a folder instead of a file", () => {
      assert.throws(() => readValues(folder), {
        name: "UserError",
        message: new RegExp(`^${folder} is a folder\\. .*: ${folder}/provider\\.yaml$`),
      });
    });

    it("refuses an unreadable file, in one sentence", () => {
      const file = join(folder, "file");
      writeFileSync(file, "a: 1\n");
      assert.throws(() => readValues(join(file, "inside")), {
        name: "UserError",
        message: /inside cannot be read \(not a directory\)\.$/,
      });
    });

    it("reads the UTF-16 that PowerShell writes", () => {
      const file = join(folder, "utf16.yaml");
      writeFileSync(file, Buffer.from("\ufeffdomain: bücher.example\r\n", "utf16le"));
      assert.deepEqual(readValues(file), { domain: "bücher.example" });
    });
  });

  it("refuses a file that Helm could not deploy, before it is parsed", () => {
    const folder = mkdtempSync(join(tmpdir(), "values-"));
    try {
      const file = join(folder, "large.yaml");
      writeFileSync(file, `{{ no YAML\n${"#".repeat(10 * 1024 * 1024)}`);
      assert.throws(() => readValues(file), {
        name: "UserError",
        message: /has 10\.0 MiB; a file with/,
      });
      writeFileSync(file, `from: x\n${"#".repeat(1024 * 1024 - 9)}`);
      assert.deepEqual(readValues(file), { from: "x" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prints how to get the file where it does not exist", () => {
    assert.throws(() => readValues("none.yaml"), { message: /helm get values/ });
  });
});
