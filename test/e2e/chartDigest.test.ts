import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartVersion } from "../../chart/release.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import { OciRegistry } from "../support/ociRegistry.ts";
import { testSandbox } from "../support/sandbox.ts";
import { chartUnderTest, Workspace } from "../support/workspace.ts";

describe("a chart in a registry that is pinned to its digest", () => {
  const name = "pinned";
  const settings = { namespace: name, timeout: "60" };
  let sandbox: Sandbox;
  let registry: OciRegistry;
  let workspace: Workspace;
  const version = chartVersion;
  let good: string;
  let other: string;

  before(async () => {
    sandbox = await testSandbox();
    registry = await OciRegistry.start();
    const folder = join(sandbox.directory, "charts");
    mkdirSync(folder, { recursive: true });
    const source = chartUnderTest();
    // Helm does not compare a tag with a version that contains a +, as the stand-in's does (pkg/registry/client.go,
    // `Resolve`).
    const metadata = { name: "provider", version };
    const programs = await ensurePrograms(["helm"], silentReporter);
    const packed = (chart: string, into: string) => {
      const { status, stderr } = spawnSync(
        programs.get("helm")?.path ?? "helm",
        ["package", chart, "-d", join(folder, into), "--version", version],
        {
          encoding: "utf8",
          env: sandbox.environment,
        },
      );
      assert.equal(status, 0, stderr);
      return readFileSync(join(folder, into, `provider-${version}.tgz`));
    };
    good = registry.push(packed(source, "good"), metadata, version);
    const changed = join(folder, "provider");
    cpSync(source, changed, { recursive: true });
    writeFileSync(join(changed, "templates/added.yaml"), "# another chart\n");
    other = registry.push(packed(changed, "other"), metadata);
    assert.notEqual(good, other);
    const authority = join(folder, "ca.pem");
    writeFileSync(authority, registry.certificate);
    const made = await Workspace.create(sandbox, name, name, settings);
    workspace = made.withEnvironment({ SSL_CERT_FILE: authority });
  });
  after(() => {
    // Undefined if the sandbox does not start.
    (registry as OciRegistry | undefined)?.stop();
  });

  function pin(digest: string): void {
    const chart = `oci://${registry.host}/provider@${digest}`;
    workspace.configure({ ...settings, chart, chartVersion: version });
  }

  async function refusal(): Promise<string> {
    const { status, output } = await workspace.pulumi("preview", "-s", name);
    assert.notEqual(status, 0, output);
    return output;
  }

  it("is deployed", async () => {
    pin(good);
    await workspace.up();
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
  });

  it("is refused if the version's tag points to another digest", async () => {
    pin(other);
    assert.match(await refusal(), /digest mismatch/);
  });

  it("is found by its digest if no tag points to it", async () => {
    registry.untag(version);
    pin(other);
    await workspace.succeed("preview", "-s", name);
  });

  it("is refused if the registry serves another chart under the digest", async () => {
    registry.replace(good, other);
    pin(good);
    assert.match(await refusal(), /digest|mismatch/i);
  });
});
