import assert from "node:assert/strict";
import {
  notSeen,
  previewDifferences,
  previewedResources,
  stateDifferences,
  unlisted,
  wholes,
  type Difference,
  type EngineEvent,
  type ExportedStack,
  type PurposefulDifference,
  type ResourceState,
} from "../../support/stackDifferences.ts";

const wallet = "akash:provider:AkashProvider$kubernetes:core/v1:Secret::provider-wallet";
const stackResource = "pulumi:pulumi:Stack::project-home";

function state(resource: string, more: object = {}): ResourceState {
  return { urn: `urn:pulumi:home::project::${resource}`, ...more };
}

function stack(...resources: readonly ResourceState[]): ExportedStack {
  return { deployment: { resources } };
}

/** The differences of a resource from one state to another. */
function between(before: object, after: object): [string, string, string][] {
  return stateDifferences(stack(state(wallet, before)), stack(state(wallet, after))).map(
    ({ resource, property, before, after }) => {
      assert.equal(resource, wallet);
      return [property, before, after];
    },
  );
}

function secret(value: unknown): object {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  };
}

describe("differences between two states of a stack", () => {
  it("are none between a state and itself, regardless of when and where it was written", () => {
    const same = { inputs: { data: { a: secret("x"), list: [1, { b: [] }], none: null } } };
    assert.deepEqual(
      between(
        { ...same, modified: "2026-11-25T00:00:00Z", sourcePosition: "project:///config.ts#1,2" },
        { ...same, modified: "2026-11-26T00:00:00Z", sourcePosition: "project:///index.ts#3,4" },
      ),
      [],
    );
  });

  it("have the property's path, with the old and the new value", () => {
    assert.deepEqual(
      between(
        { inputs: { values: { email: "a@example.test", list: [1, 2], gone: {} }, timeout: 60 } },
        { inputs: { values: { email: "b@example.test", list: [1, 3, 4] }, timeout: "60" } },
      ),
      [
        ["inputs.values.email", `"a@example.test"`, `"b@example.test"`],
        ["inputs.values.list[1]", "2", "3"],
        ["inputs.values.gone", "{}", "(missing)"],
        ["inputs.timeout", "60", `"60"`],
        ["inputs.values.list[2]", "(missing)", "4"],
      ],
    );
  });

  it("include options and the names of hooks", () => {
    assert.deepEqual(
      between(
        { retainOnDelete: true, resourceHooks: { BeforeDelete: ["dns-credential-delete"] } },
        { resourceHooks: { BeforeDelete: ["credential-delete"] } },
      ),
      [
        ["retainOnDelete", "true", "(missing)"],
        ["resourceHooks.BeforeDelete[0]", `"dns-credential-delete"`, `"credential-delete"`],
      ],
    );
  });

  it("do not include the order of dependencies, which varies, but their content", () => {
    const dependencies = (...urns: readonly string[]) => ({
      dependencies: urns,
      propertyDependencies: { data: urns, "key.txt": urns },
    });
    assert.deepEqual(between(dependencies("a", "b"), dependencies("b", "a")), []);
    assert.deepEqual(
      between(dependencies("a"), dependencies("b")).map(([property]) => property),
      [
        `dependencies["a"]`,
        `propertyDependencies.data["a"]`,
        `propertyDependencies["key.txt"]["a"]`,
        `dependencies["b"]`,
        `propertyDependencies.data["b"]`,
        `propertyDependencies["key.txt"]["b"]`,
      ],
    );
  });

  it("include secrets without showing them", () => {
    assert.deepEqual(
      between({ inputs: { data: { "key.txt": secret("x") } } }, { inputs: { data: {} } }),
      [
        [`inputs.data["key.txt"]`, "[secret]", "(missing)"],
        ["inputs.data", "(missing)", "{}"],
      ],
    );
    assert.deepEqual(
      between({ inputs: secret({ a: "x", b: "y" }) }, { inputs: secret({ a: "x", b: "z" }) }),
      [["inputs.b", "[secret]", "[other secret]"]],
    );
    const plain = between({ inputs: { a: secret("x") } }, { inputs: { a: "x" } });
    assert.deepEqual(plain, [["inputs.a", "[secret]", "[not secret]"]]);
  });

  it("cannot be determined for encrypted secrets", () => {
    const { plaintext: _, ...encrypted } = secret("x") as Record<string, string>;
    const exported = { inputs: { ...encrypted, ciphertext: "v1:abc" } };
    assert.throws(() => between(exported, exported), /--show-secrets/);
  });

  it("include added and removed resources, regardless of their order", () => {
    const [a, b, c] = ["a::1", "b::2", "c::3"].map((resource) => state(resource));
    assert(a && b && c);
    assert.deepEqual(stateDifferences(stack(a, b), stack(c, b)), [
      { resource: "a::1", property: wholes.resource, before: "there", after: "(missing)" },
      { resource: "c::3", property: wholes.resource, before: "(missing)", after: "made" },
    ]);
    assert.deepEqual(
      stateDifferences(stack(a), stack(a, { ...a, delete: true })).map(({ resource }) => resource),
      ["a::1 (to be deleted)"],
    );
  });
});

describe("differences in a preview", () => {
  function out(op: string, before: object | undefined, after: object | undefined, more?: object) {
    const metadata = {
      op,
      urn: state(wallet).urn,
      old: before && state(wallet, before),
      new: after && state(wallet, after),
      ...more,
    };
    return { resOutputsEvent: { metadata } } as EngineEvent;
  }

  function told(...events: readonly EngineEvent[]): string[] {
    return previewDifferences(events).map(
      ({ property, before, after }) => `${property}: ${before} -> ${after}`,
    );
  }

  it("are none without a change", () => {
    const resource = { id: "x", inputs: { a: 1 }, outputs: { a: 1 } };
    assert.deepEqual(told({}, out("same", resource, resource)), []);
  });

  it("are those of the last event: outputs of the stack come at the end", () => {
    const metadata = { op: "same", urn: state(stackResource).urn };
    const [old, changed] = ["a", "b"].map((host) => state(stackResource, { outputs: { host } }));
    assert(old && changed);
    const events = [
      { resourcePreEvent: { metadata: { ...metadata, old, new: state(stackResource) } } },
      { resOutputsEvent: { metadata: { ...metadata, old, new: old } } },
    ];
    assert.deepEqual(told(...events), []);
    const end = { resOutputsEvent: { metadata: { ...metadata, old, new: changed } } };
    assert.deepEqual(told(...events, end), [`outputs.host: "a" -> "b"`]);
    assert.deepEqual(previewedResources([...events, end]), [stackResource]);
  });

  it("are the properties of an update, not the outputs, which are not known yet", () => {
    const before = { id: "x", inputs: { a: 1 }, outputs: { a: 1 } };
    const after = { inputs: { a: 2 }, outputs: {} };
    assert.deepEqual(told(out("update", before, after)), ["inputs.a: 1 -> 2"]);
  });

  it("include the operation if the properties do not show it", () => {
    const hidden = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const resource = { inputs: { data: { ...hidden, ciphertext: "[secret]" } } };
    const detailedDiff = { data: {} };
    assert.deepEqual(told(out("update", resource, resource, { detailedDiff })), [
      "(operation): same -> update for data",
    ]);
    assert.deepEqual(
      told(
        out("create-replacement", { inputs: { a: 1 } }, { inputs: { a: 2 } }),
        out("delete-replaced", { inputs: { a: 1 } }, undefined),
      ),
      [
        "inputs.a: 1 -> 2",
        "(operation): same -> create-replacement",
        "(resource): there -> (missing)",
      ],
    );
  });

  it("include resources that would be created or deleted", () => {
    assert.deepEqual(told(out("create", undefined, {})), ["(resource): (missing) -> made"]);
    assert.deepEqual(told(out("delete", {}, undefined)), ["(resource): there -> (missing)"]);
  });
});

describe("the list of intended differences", () => {
  const seen: Difference[] = [
    { resource: wallet, property: "inputs.metadata.labels.a", before: "1", after: "2" },
    { resource: wallet, property: "outputs.list[0]", before: "3", after: "4" },
  ];
  function entry(properties: string[], more: Partial<PurposefulDifference> = {}) {
    return { stacks: ["home"], resource: wallet, properties, reason: "It is better so", ...more };
  }

  it("is wrong if a difference is missing", () => {
    assert.deepEqual(unlisted("home", [...seen, ...seen], []), [
      `${wallet}\n  inputs.metadata.labels.a: 1 -> 2\n  outputs.list[0]: 3 -> 4`,
    ]);
    assert.deepEqual(unlisted("home", [], []), []);
    assert.deepEqual(unlisted("home", seen, [entry(["outputs"])]), [
      `${wallet}\n  inputs.metadata.labels.a: 1 -> 2`,
    ]);
  });

  it("is right if it has each difference, or a path above it", () => {
    for (const properties of [
      ["inputs.metadata.labels.a", "outputs.list[0]"],
      ["inputs.metadata", "outputs.list"],
    ]) {
      assert.deepEqual(unlisted("home", seen, [entry(properties)]), []);
      assert.deepEqual(notSeen("home", seen, [entry(properties)]), []);
    }
  });

  it("is wrong if it has the difference of another stack, resource or property", () => {
    for (const other of [
      entry(["inputs", "outputs"], { stacks: ["elsewhere"] }),
      entry(["inputs", "outputs"], { resource: stackResource }),
      // A part of a name does not match the name.
      entry(["inputs.metadata.label", "output"]),
    ]) {
      assert.equal(unlisted("home", seen, [other]).join("\n").split(" -> ").length, 3);
    }
  });

  it("is wrong if it has a difference that does not occur", () => {
    const stale = entry(["inputs.metadata", "inputs.data", "id"]);
    assert.deepEqual(notSeen("home", seen, [stale]), [
      `${wallet}\n  inputs.data: listed, and not different\n  id: listed, and not different`,
    ]);
    assert.deepEqual(notSeen("elsewhere", [], [stale]), []);
  });
});
