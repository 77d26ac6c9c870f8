import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { readProject } from "../../lib/stackFile.ts";
import { settings } from "../../config/settings.ts";

interface Template {
  readonly config: Readonly<
    Record<string, { readonly description?: string; readonly default?: string }>
  >;
  readonly quickstart: string;
}

/** The result of `pulumi new` with this repository; test/e2e/newProject.test.ts runs it. */
describe("the template for pulumi new", () => {
  const { template } = readProject(".") as unknown as { readonly template: Template };

  it("prompts for existing settings, and describes each", () => {
    for (const [name, { description }] of Object.entries(template.config)) {
      assert(name in settings, name);
      assert(description !== undefined, name);
    }
  });

  it("offers accepted values", () => {
    for (const [name, { default: offered }] of Object.entries(template.config)) {
      if (offered !== undefined) {
        assert(settings[name as keyof typeof settings].safeParse(offered).success, name);
      }
    }
  });

  it("names existing settings in its commands", () => {
    const set = /pulumi config set (?:--secret |--path )?'?(\w+)/g;
    const names = [...template.quickstart.matchAll(set)].map(([, name = ""]) => name);
    assert(names.length > 3);
    for (const name of names) {
      assert(name in settings, name);
    }
  });

  it("has Pulumi's placeholders in no file, where Pulumi would replace them with the project's name", () => {
    const files = globSync("**/*", {
      exclude: (name) => /^(?:node_modules|\.git|\.sandbox.*|dist)$/.test(name),
    }).filter((file) => statSync(file).isFile());
    assert(files.length > 100);
    const placeholders = ["PROJECT", "DESCRIPTION"].map((name) => `\${${name}}`);
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      const found = placeholders.filter((placeholder) => text.includes(placeholder));
      assert.deepEqual(found, [], file);
    }
  });
});
