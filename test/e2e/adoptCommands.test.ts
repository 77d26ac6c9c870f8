import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describeExhaustive } from "../support/exhaustive.ts";
import { programsPath } from "../support/programsPath.ts";
import { Provider } from "../support/provider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { Workspace, type CommandResult } from "../support/workspace.ts";

const name = "said";

/** The values in Akash's guide, with those that the guide omits. */
const values = {
  from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
  key: Buffer.from(walletKey).toString("base64"),
  keysecret: Buffer.from("SENTINEL-said-password").toString("base64"),
  domain: "example.test",
  node: "http://akash-node-1:26657",
  attributes: [{ key: "region", value: "eu" }],
  letsEncrypt: { enabled: true, acme: { email: "said@example.test" } },
};

/**
 * The commands in adopt's messages, run unchanged where they are printed; each test continues where the previous
 * one ended.
 */
describeExhaustive("commands in adopt's messages", () => {
  let provider: Provider;
  let workspace: Workspace;

  before(async () => {
    const sandbox = await testSandbox();
    const PATH = await programsPath(["kubectl", "helm"], sandbox.environment.PATH);
    // Before there is any provider.
    const empty = await Workspace.create(sandbox, "said-nowhere", "said-nowhere", {});
    const nowhere = await adoptIn(empty, "--namespace", "default");
    const list = commandIn(nowhere.output, /helm .*list -A/);
    const listed = await empty.withEnvironment({ PATH }).shell(list);
    assert.match(listed.output, /^NAME\s+NAMESPACE/);
    provider = await Provider.install({ name, values, secrets: ["keys"] });
    workspace = provider.workspace.withEnvironment({ PATH });
    // The files that npm run adopt runs there.
    for (const part of ["bootstrap.mjs", "doctor"]) {
      cpSync(part, join(workspace.directory, part), { recursive: true });
    }
  });

  function adoptIn(place: Workspace, ...args: readonly string[]): Promise<CommandResult> {
    return place.shell([process.execPath, "adopt/main.ts", "-s", place.stack, ...args].join(" "));
  }

  /** The command in a message, from its first word to the end of its line or sentence. */
  function commandIn(output: string, pattern: RegExp): string {
    const [command] = pattern.exec(output) ?? [];
    assert(command !== undefined, `no ${pattern} in ${output}`);
    return command;
  }

  async function paste(command: string): Promise<CommandResult> {
    const result = await workspace.shell(command);
    assert.equal(result.status, 0, `${command}\n${result.output}`);
    return result;
  }

  async function refused(...args: readonly string[]): Promise<string> {
    const { status, output } = await provider.runAdopt(args);
    assert.equal(status, 1, output);
    return output;
  }

  async function dryRun(...args: readonly string[]): Promise<string> {
    const { status, output } = await provider.adopt("--dry-run", ...args);
    assert.equal(status, 0, output);
    return output;
  }

  it("write the missing values file, and show the differences from the release", async () => {
    const output = await refused("missing.yaml", ...provider.place);
    const command = commandIn(output, /helm get values .* > provider\.yaml/);
    await paste(command.replace("'RELEASE'", provider.release).replace("'NAMESPACE'", name));
    assert.doesNotMatch(await dryRun(), /Differences between the file and the release/);
    await provider.upgrade(undefined, "--set", "website=https://said.example.test");
    const differs = await dryRun();
    assert.match(differs, /website +only in the release/);
    await paste(commandIn(differs, /helm -n \S+ get values \S+ -o yaml > provider\.yaml/));
    assert.doesNotMatch(await dryRun(), /Differences between the file and the release/);
  });

  it("roll back to the last good revision after a failed one", async () => {
    await provider.cluster.markPending(name, "failed");
    const output = await refused("provider.yaml", ...provider.place);
    await paste(commandIn(output, /helm -n \S+ rollback \S+ \d+/));
    await dryRun();
  });

  it("remove a release that was never deployed, and install it again", async () => {
    await provider.helm("uninstall", provider.release, "--wait");
    await provider.upgrade();
    await provider.cluster.markPending(name, "failed");
    const deployed = `sh.helm.release.v1.${provider.release}.v1`;
    await provider.cluster.core.deleteNamespacedSecret({ namespace: name, name: deployed });
    const output = await refused("provider.yaml", ...provider.place);
    await paste(commandIn(output, /helm -n \S+ uninstall \S+/));
    await provider.upgrade();
    await dryRun();
  });

  it("name the kubeconfig by its path, without the passphrase of the stack's own", async () => {
    const set = "pulumi config set -s said --secret kubernetes:kubeconfig";
    await paste(`${set} < '${provider.sandbox.kubeconfig}'`);
    const args = ["provider.yaml", ...provider.place, "--dry-run"];
    const { status, output } = await provider.runAdopt(args, {
      PULUMI_CONFIG_PASSPHRASE: undefined,
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    });
    assert.equal(status, 1, output);
    const command = commandIn(output, /pulumi config set -s said kubernetes:kubeconfig 'FILE'/);
    await paste(command.replace("FILE", provider.sandbox.kubeconfig));
    await dryRun();
    await paste("pulumi config rm -s said kubernetes:kubeconfig");
  });

  it("replace the stack's own kubeconfig, which is empty", async () => {
    const set = "pulumi config set -s said --secret kubernetes:kubeconfig";
    await paste(`${set} 'kind: Config'`);
    const output = await refused("provider.yaml", ...provider.place);
    const command = commandIn(output, new RegExp(`${set} < kubeconfig\\.yaml`));
    await paste(`cp '${provider.sandbox.kubeconfig}' kubeconfig.yaml && ${command}`);
    await dryRun();
    await paste("pulumi config rm -s said kubernetes:kubeconfig");
  });

  it("name the values file of Helm, if adopt runs without one", async () => {
    const output = await refused(...provider.place);
    const command = commandIn(output, /npm run adopt -- provider\.yaml -s said/);
    const { stdout } = await paste(`${command} ${provider.place.join(" ")} --dry-run`);
    assert.match(stdout, /Nothing was changed\. An adoption would run:/);
  });

  it("keep the chart's version, and remove a setting that cannot be checked", async () => {
    await paste("pulumi config set -s said chartVersion 19.0.1");
    await paste(commandIn(await dryRun(), /pulumi config set -s said chartVersion \S+/));
    assert.doesNotMatch(await dryRun(), /To keep/);
    await paste("pulumi config rm -s said chartVersion");
    await paste("pulumi config set -s said --secret minimum SENTINEL");
    const output = await refused("provider.yaml", ...provider.place);
    await paste(commandIn(output, /pulumi config rm -s said minimum/));
    await dryRun();
  });

  it("protect the Secrets as adopt does, and show an adopted provider", async () => {
    await paste(commandIn(await dryRun(), /kubectl -n \S+ annotate secret \S+ \S+=\S+/));
    assert.equal((await provider.adopt()).status, 0);
    const again = await refused("provider.yaml", ...provider.place);
    const { output } = await paste(commandIn(again, /pulumi preview -s said --diff/));
    assert.match(output, /provider-release/);
  });

  it("show the provider's stack, and the existing stacks", async () => {
    await workspace.up();
    const other = await Workspace.create(provider.sandbox, "said-other", "said-other", {});
    cpSync(provider.path("provider.yaml"), join(other.directory, "provider.yaml"));
    const { output } = await adoptIn(other, "provider.yaml", ...provider.place);
    await paste(commandIn(output, /pulumi config -s said$/m));
    const stacks = await paste("pulumi stack ls");
    assert.match(stacks.output, /said-other/);
    await workspace.destroy();
  });
});
