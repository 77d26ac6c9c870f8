import assert from "node:assert/strict";
import { cpSync, globSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { runningSandbox, startSandbox, type Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { readState } from "../../sandbox/cluster/state.ts";
import { sandboxSource } from "../../sandbox/paths.ts";
import { pulumiHome } from "../../sandbox/pulumi/environment.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { testSandbox } from "../support/sandbox.ts";

describe("a sandbox that was started before Pulumi was installed", () => {
  let sandbox: Sandbox;
  let folder: string;
  /** The folder of the sandbox's own language host. */
  let ownFolder: string;
  const { PATH } = process.env;

  /** The next `npm start`. */
  const startAgain = () => startSandbox({ directory: sandbox.directory, reporter: silentReporter });

  const plugins = () => join(pulumiHome(sandbox.directory), "plugins");

  before(async () => {
    sandbox = await testSandbox();
    // A Pulumi with its own language host, as far as the sandbox checks it.
    folder = mkdtempSync(join(tmpdir(), "pulumi-installed-"));
    const { cli, languageHost } = readState(sandbox.directory)?.pulumi ?? {};
    assert(languageHost !== undefined);
    ownFolder = dirname(languageHost);
    writeFileSync(
      join(folder, "pulumi"),
      `#!/bin/sh\n[ "$1" = plugin ] && exec mkdir -p "$PULUMI_HOME/plugins/resource-$4-v$5"\nexec ${cli ?? ""} "$@"\n`,
      { mode: 0o755 },
    );
    cpSync(languageHost, join(folder, "pulumi-language-nodejs"));
  });

  after(async () => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true, force: true });
    // The plugins are only folders.
    for (const name of ["gcp", "cloudflare", "random"]) {
      for (const plugin of globSync(join(plugins(), `resource-${name}-v*`))) {
        rmSync(plugin, { recursive: true });
      }
    }
    // The sandbox in the state that other tests require.
    await startAgain();
  });

  it("uses it in every command after the next start, with its plugins", async () => {
    process.env.PATH = `${folder}${delimiter}${PATH ?? ""}`;
    await startAgain();
    const { environment } = runningSandbox(sandbox.directory);
    const folders = environment.PATH?.split(delimiter) ?? [];
    assert(folders.includes(folder));
    assert(!folders.includes(sandboxSource("pulumi/plugins")));
    assert(!folders.includes(ownFolder));
    assert.equal(environment.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION, undefined);
    const installed = readdirSync(plugins());
    for (const name of ["kubernetes", "gcp", "cloudflare", "random"]) {
      assert(
        installed.some((entry) => entry.startsWith(`resource-${name}-v`)),
        name,
      );
    }
  });
});
