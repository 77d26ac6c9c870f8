import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canaryOf, chosenStacks, stacksOf } from "../../../fleet/stacks.ts";

const stacks = ["local", "local-gcp", "prod-2", "prod-10", "staging"];

describe("the stacks of a fleet", () => {
  it("are those with a file, with numbers in their order", () => {
    const directory = mkdtempSync(join(tmpdir(), "fleet-test-"));
    try {
      mkdirSync(join(directory, "settings"));
      writeFileSync(join(directory, "Pulumi.yaml"), "name: a\nstackConfigDir: settings\n");
      for (const name of ["Pulumi.prod-10.yaml", "Pulumi.prod-2.yaml", "Pulumi.a.b.yml"]) {
        writeFileSync(join(directory, "settings", name), "config: {}\n");
      }
      for (const name of ["schema.json", "prod.price_script.sh", "Pulumi.yaml"]) {
        writeFileSync(join(directory, "settings", name), "");
      }
      // Pulumi does not search for them beside Pulumi.yaml.
      writeFileSync(join(directory, "Pulumi.other.yaml"), "config: {}\n");
      assert.deepEqual(stacksOf(directory), ["a.b", "prod-2", "prod-10"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("are all except the sandbox's where none is named", () => {
    assert.deepEqual(chosenStacks(stacks, []), ["prod-2", "prod-10", "staging"]);
    assert.throws(
      () => chosenStacks(["local"], []),
      /no stack except the sandbox's.*pulumi stack init/,
    );
  });

  it("are those whose whole name matches a pattern", () => {
    assert.deepEqual(chosenStacks(stacks, ["prod-?", "staging"]), ["prod-2", "staging"]);
    assert.deepEqual(chosenStacks(stacks, ["local*"]), ["local", "local-gcp"]);
    assert.deepEqual(chosenStacks(["a.b", "acb"], ["a.b"]), ["a.b"]);
  });

  it("must exist", () => {
    assert.throws(
      () => chosenStacks(stacks, ["staging", "prd-*"]),
      /--stacks prd-\* matches no stack.*local, local-gcp, prod-2, prod-10, staging.*pulumi stack init prd-x$/,
    );
    assert.throws(
      () => chosenStacks([], ["\u001b[2J"]),
      /--stacks \\u001b\[2J matches no stack.*: none\. To create one: pulumi stack init 'STACK'$/,
    );
    // Pulumi refuses such a name, reads it as an option, or would create a stack elsewhere.
    for (const pattern of ["../x", "a/b", "organization/*/prod", "a b", "-x", "x".repeat(101)]) {
      assert.throws(() => chosenStacks(stacks, [pattern]), /pulumi stack init 'STACK'$/, pattern);
    }
  });

  it("have a canary: the named one, else a staging stack, else the first", () => {
    assert.equal(canaryOf(stacks, "prod-10"), "prod-10");
    assert.equal(canaryOf(stacks, undefined), "staging");
    assert.equal(canaryOf(["prod-1", "eu-staging", "pre-staging"], undefined), "eu-staging");
    assert.equal(canaryOf(["prod-2", "prod-10"], undefined), "prod-2");
    assert.throws(
      () => canaryOf(["prod-2"], "staging"),
      /--canary staging is not one of .*: prod-2\./,
    );
  });
});
