import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metaOf, secretPaths } from "../../config/options.ts";
import { messageCommands } from "../support/messageCommands.ts";

/** Files from which a command reads a credential, which it adopts, or which it writes. */
const files = [
  / < ([\w-]+(?:\.\w+)+)/g,
  /adopt -- ([\w-]+\.yaml)/g,
  / > ([\w-]+\.yaml)/g,
  /--from-file=([\w.-]+)/g,
];

describe("a file with a credential that a command of the documentation or of a message names", () => {
  const texts = [
    ...globSync(["README.md", "docs/**/*.md", "examples/**/*.md"]).map((file) =>
      readFileSync(file, "utf8"),
    ),
    ...messageCommands().map(({ text }) => text),
  ];
  const named = new Set([
    // Commands in the configuration's errors are composed.
    ...secretPaths().flatMap((path) => metaOf(path).file ?? []),
    ...texts.flatMap((text) =>
      files.flatMap((pattern) => [...text.matchAll(pattern)].map(([, file = ""]) => file)),
    ),
  ]);
  let directory: string;

  before(function () {
    directory = mkdtempSync(join(tmpdir(), "ignored-"));
    copyFileSync(".gitignore", join(directory, ".gitignore"));
    if (spawnSync("git", ["init", "-q"], { cwd: directory }).status !== 0) {
      console.log("    Skipped: there is no git");
      this.skip();
    }
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("is found in the documentation", () => {
    for (const file of [
      "wallet.key",
      "provider.yaml",
      "key.json",
      "service-account.json",
      "passphrase",
    ]) {
      assert(named.has(file), `${file} is not among ${[...named].join(", ")}`);
    }
  });

  for (const file of [...named].sort()) {
    it(`is not committed by accident: ${file}`, () => {
      const { status } = spawnSync("git", ["check-ignore", "-q", file], { cwd: directory });
      assert.equal(status, 0);
    });
  }

  it("is not a file of the project", () => {
    for (const file of [
      "package.json",
      "tsconfig.json",
      "Pulumi.yaml",
      "stacks/Pulumi.prod.yaml",
    ]) {
      const { status } = spawnSync("git", ["check-ignore", "-q", file], { cwd: directory });
      assert.equal(status, 1, file);
    }
  });
});
