import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { formatYaml, parseYaml } from "../../../lib/yaml.ts";
import { check } from "../../support/property.ts";
import { anyText, plainScalars, yamlTree } from "../../support/yamlValues.ts";

describe("YAML as Helm reads it", () => {
  const read = (yaml: string): unknown => parseYaml(yaml)[0]?.toJS();

  for (const [scalar, value] of plainScalars) {
    it(`takes ${scalar === "" ? "nothing" : scalar} for ${typeof value === "string" ? "text" : String(value)}`, () => {
      assert.deepEqual(read(`v: ${scalar}`), { v: value });
    });
  }

  for (const [yaml, value] of [
    ["v: !!str 0744", "0744"],
    ['v: !!int "0744"', 484],
    ["v: !!float 3", 3],
    ["v: !!binary aGk=", "hi"],
    ["v: !!timestamp 2024-01-15", "2024-01-15"],
    ["v: !unknown 12", "12"],
    ['v: "0744"', "0744"],
    ["v: '22:30'", "22:30"],
    ["v: |-\n  0744", "0744"],
  ] as const) {
    it(`applies the tag or the quotes of ${JSON.stringify(yaml)}`, () => {
      assert.deepEqual(read(yaml), { v: value });
    });
  }

  it("converts a key to text, like Go", () => {
    assert.deepEqual(read("on: 1\n0x1F: 2\n1e7: 3\n22:30: 4\n10000000: 5\n"), {
      true: 1,
      "31": 2,
      "1e+07": 3,
      "22:30": 4,
      "10000000": 5,
    });
  });

  it("merges maps, and reads << in quotes as a key", () => {
    assert.deepEqual(read("a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: {'<<': 4}\n"), {
      a: { x: 1, z: 2 },
      b: { x: 1, z: 3 },
      c: { "<<": 4 },
    });
  });

  it("uses the last of repeated keys", () => {
    assert.deepEqual(read("a: 1\na: 2\n"), { a: 2 });
  });

  it("keeps its rules where a document names YAML 1.2", () => {
    assert.deepEqual(read("%YAML 1.2\n---\nv: 0744\nw: yes\nx: 2024-01-15\n"), {
      v: 484,
      w: true,
      x: "2024-01-15",
    });
  });

  it("finds no document in comments", () => {
    assert.deepEqual(parseYaml("# nothing\n"), []);
  });

  it("reads a written value as the same value", () => {
    check(
      fc.property(yamlTree, (tree) => {
        assert.deepEqual(read(formatYaml({ tree })), { tree });
      }),
      { numRuns: 1000 },
    );
  });

  it("writes text that other YAML parsers read as the same text", () => {
    check(
      fc.property(anyText, (text) => {
        for (const version of ["1.1", "1.2"] as const) {
          assert.deepEqual(parse(formatYaml({ [text]: text }), { version }), { [text]: text });
        }
      }),
      { numRuns: 500 },
    );
    for (const text of ["22:30", "190:20:30", "2024-01-15", "0744", "08", "yes", "y", "~", ""]) {
      assert.equal(formatYaml({ v: text }), `v: "${text}"\n`);
    }
  });

  it("escapes characters that Helm's parser does not accept unescaped", () => {
    check(
      fc.property(anyText, (text) => {
        assert.doesNotMatch(
          formatYaml({ [text]: text }),
          /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/,
        );
      }),
      { numRuns: 300 },
    );
  });
});
