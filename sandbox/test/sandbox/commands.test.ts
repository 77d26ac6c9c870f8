import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { UsageError } from "../../../lib/errors.ts";
import { sandboxSource } from "../../paths.ts";
import { parseStartArguments } from "../../commands/startArguments.ts";

describe("commands", function () {
  function run(script: string, ...args: string[]) {
    return spawnSync(process.execPath, [sandboxSource(join("commands", script)), ...args], {
      encoding: "utf8",
    });
  }

  it("start deploys stack local by default", function () {
    const expected = { stack: "local", fresh: false, json: false, help: false };
    assert.deepEqual({ ...parseStartArguments([]) }, expected);
    assert.deepEqual(
      { ...parseStartArguments(["--fresh", "--json"]) },
      { ...expected, fresh: true, json: true },
    );
  });

  it("start refuses what it cannot do", function () {
    assert.throws(() => parseStartArguments(["route53"]), {
      name: UsageError.name,
      message: /nothing called `route53`/,
    });
    assert.throws(() => parseStartArguments(["gcp", "cloudflare"]), /One stack at a time/);
  });

  for (const script of ["start.ts", "stop.ts", "build.ts"]) {
    it(`${script} explains itself, and refuses unknown options with exit code 2`, function () {
      const help = run(script, "--help");
      assert.equal(help.status, 0);
      assert.match(help.stdout, /^Usage: npm /);
      const { status, stderr } = run(script, "--frsh");
      assert.equal(status, 2);
      assert.match(stderr, /--frsh/);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }
});
