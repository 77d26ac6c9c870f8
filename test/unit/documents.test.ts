import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedBlocks, withBlocks } from "../support/generatedTables.ts";

const read = (page: string) => readFileSync(page, "utf8");

/** All pages in Markdown; those under a folder for packages or a sandbox are others'. */
const pages = globSync("{*,{docs,examples,sandbox,policy,stacks}/**/*}.md", {
  exclude: (name) => /node_modules|^\.sandbox/.test(name),
}).sort();

/** A page without the blocks of code in it. */
const prose = (page: string) => read(page).replace(/^```[^]*?^```$/gm, "");

/** What a code host makes of a heading for links. */
function anchorOf(heading: string): string {
  return heading
    .replace(/`|\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

function anchorsIn(page: string): readonly string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

describe("the documents", () => {
  for (const page of Object.keys(generatedBlocks)) {
    it(`have in ${page} what is generated from the code`, () => {
      if (process.env.UPDATE_GENERATED === "1") {
        writeFileSync(page, withBlocks(page, read(page)));
      }
      for (const [name, block] of Object.entries(generatedBlocks[page] ?? {})) {
        assert(
          read(page).includes(`<!-- ${name} -->\n${block()}\n<!-- /${name} -->`),
          `the block ${name} is stale; npm run generate writes it`,
        );
      }
    });
  }

  it("link to pages, files and headings that exist", () => {
    const broken = pages.flatMap((page) =>
      [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^https?:/.test(target))
        .filter((target) => {
          const [path = "", anchor] = target.split("#");
          const file = path === "" ? page : join(dirname(page), path);
          const linked = file.endsWith(".md") ? file : join(file, "README.md");
          return !(
            existsSync(file) &&
            (anchor === undefined || (existsSync(linked) && anchorsIn(linked).includes(anchor)))
          );
        })
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it("are all reached from the README", () => {
    const reached = new Set<string>();
    const visit = (page: string): void => {
      if (reached.has(page)) {
        return;
      }
      reached.add(page);
      for (const [, target = ""] of prose(page).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
        const file = join(dirname(page), target);
        const linked =
          existsSync(file) && statSync(file).isDirectory() ? join(file, "README.md") : file;
        if (linked.endsWith(".md") && existsSync(linked)) {
          visit(linked);
        }
      }
    };
    visit("README.md");
    assert.deepEqual(
      pages.filter((page) => !reached.has(page)),
      [],
    );
  });

  it("fit on two screens in the README", () => {
    assert(read("README.md").trimEnd().split("\n").length <= 150);
  });

  it("name every package that the project depends on", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      read("package.json"),
    ) as Record<string, Record<string, string>>;
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const contributing = read("docs/contributing.md");
    assert.deepEqual(
      names.filter((name) => !contributing.includes(`\`${name}\``)),
      [],
    );
  });

  it("name only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as {
      readonly scripts: Record<string, string>;
    };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([a-z][a-z-]*)/g)].map(([, name = ""]) => name),
    );
    assert.deepEqual(
      named.filter((name) => !(name in scripts)),
      [],
    );
  });
});
