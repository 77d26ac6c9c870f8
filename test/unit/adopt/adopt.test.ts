import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adopt } from "../../../adopt/adopt.ts";
import type { RunningProvider } from "../../../adopt/cluster/runningProvider.ts";
import { Pulumi } from "../../../adopt/pulumi.ts";
import { readStackFile } from "../../../adopt/stackFile.ts";
import { preparation } from "./preparation.ts";

describe("an adoption", () => {
  const { PATH = "" } = process.env;
  let directory: string;
  let record: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "adopt-test-"));
    record = join(directory, "record");
    mkdirSync(join(directory, "stacks"));
    mkdirSync(join(directory, "bin"));
    writeFileSync(
      join(directory, "Pulumi.yaml"),
      "name: akash-provider-letsencrypt\nstackConfigDir: stacks\n",
    );
    // The process list, which every user of the machine can read, its environment, and its standard input.
    writeFileSync(
      join(directory, "bin/pulumi"),
      `#!/bin/sh
{ echo "# command"; tr '\\0' ' ' < /proc/$$/cmdline; echo; env; } >> '${record}'
{ echo "# $*"; cat; } >> '${record}.stdin'
`,
      { mode: 0o755 },
    );
    process.env.PATH = `${join(directory, "bin")}:${PATH}`;
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(directory, { recursive: true });
  });

  it("puts no value of the file on a command line or into an environment, even with many values", async function () {
    if (process.platform !== "linux") {
      this.skip();
    }
    const prepared = preparation("google-cloud");
    const values = {
      registry: { pullPassword: "PULL-SENTINEL" },
      script: "SCRIPT-SENTINEL\n".repeat(20_000),
    };
    const provider = {
      handOver: () => Promise.resolve(),
      forgetCredentials: () => Promise.resolve([]),
      labelNamespace: () => Promise.resolve(),
    } as unknown as RunningProvider;
    const translation = { ...prepared.translation, values };
    await adopt(
      { ...prepared, provider, translation },
      { pulumi: new Pulumi(directory), directory },
      () => undefined,
    );
    const seen = readFileSync(record, "utf8");
    assert.equal(seen.match(/^# command$/gm)?.length, 2 + Object.keys(translation.secrets).length);
    const { settings, secrets } = translation;
    for (const value of [...Object.values(secrets), settings.email, settings.domain]) {
      assert(typeof value === "string" && !seen.includes(value.trim()));
    }
    assert.doesNotMatch(seen, /SENTINEL|PRIVATE KEY/);
    const given = readFileSync(`${record}.stdin`, "utf8");
    for (const [path, secret] of Object.entries(secrets)) {
      assert(given.includes(`--secret ${path} --non-interactive\n${secret}`), path);
    }
    assert.deepEqual(readStackFile(directory, "prod").settings, { ...settings, values });
  });
});
