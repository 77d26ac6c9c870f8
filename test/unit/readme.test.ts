import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { readmeTables, withTables } from "../support/readmeTables.ts";

describe("README", () => {
  const readme = () => readFileSync("README.md", "utf8");

  it("has the tables that are generated from the code", () => {
    if (process.env.UPDATE_GENERATED === "1") {
      writeFileSync("README.md", withTables(readme()));
    }
    for (const [name, table] of Object.entries(readmeTables)) {
      assert(readme().includes(table()), `the table ${name} is stale; npm run generate writes it`);
    }
  });

  it("names every package that the project depends on", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync("package.json", "utf8"),
    ) as Record<string, Record<string, string>>;
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const missing = names.filter((name) => !readme().includes(`\`${name}\``));
    assert.deepEqual(missing, []);
  });

  it("names only existing npm scripts", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      readonly scripts: Record<string, string>;
    };
    const named = [...readme().matchAll(/npm run ([a-z-]+)/g)].map(([, name]) => name ?? "");
    assert.deepEqual(
      named.filter((name) => !(name in scripts)),
      [],
    );
  });
});
