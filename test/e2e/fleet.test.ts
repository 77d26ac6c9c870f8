import assert from "node:assert/strict";
import { globSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startSandbox, stopSandbox, type Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { pulumiStateDirectory } from "../../sandbox/pulumi/environment.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { FleetCommand } from "../support/fleet.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace } from "../support/workspace.ts";

/** The project's stacks for this purpose, in order, and those in the second cluster. */
const stacks = [1, 2, 3, 4, 5].map((number) => `local-fleet-${number}`);
const elsewhere = ["local-fleet-2", "local-fleet-4"];

describe("a fleet of five stacks on two sandboxes", () => {
  let sandbox: Sandbox;
  let second: Sandbox;
  let workspace: Workspace;
  let clouds: SandboxClouds;

  before(async () => {
    sandbox = await testSandbox();
    second = await startSandbox({
      directory: `${sandbox.directory}-second`,
      reporter: silentReporter,
      fresh: true,
    });
    clouds = new SandboxClouds(sandbox);
    workspace = Workspace.ofProject(sandbox, "fleet", "local-fleet-1");
    // The files that npm run fleet runs there.
    for (const part of ["bootstrap.mjs", "doctor", "fleet", "policy", "sandbox"]) {
      symlinkSync(resolve(part), join(workspace.directory, part));
    }
    for (const stack of elsewhere) {
      const file = join(workspace.directory, `stacks/Pulumi.${stack}.yaml`);
      const setting = `config:\n  kubernetes:kubeconfig: ${second.kubeconfig}\n`;
      writeFileSync(file, readFileSync(file, "utf8").replace("config:\n", setting));
    }
  });
  after(async () => {
    await stopSandbox(second.directory, { clean: true });
  });

  const fleet = (
    ...args: ConstructorParameters<typeof FleetCommand> extends [unknown, ...infer R] ? R : never
  ) => new FleetCommand(workspace, ...args);

  /** The number of updates of a stack. */
  async function updates(stack: string): Promise<number> {
    const { stdout } = await workspace.succeed("stack", "history", "-s", stack, "--json");
    return (JSON.parse(stdout) as readonly unknown[]).length;
  }

  it("is deployed, also after a kill: completed stacks are not deployed again", async () => {
    const killed = fleet("up", "--concurrency", "2");
    await killed.says(/^local-fleet-3 +up$/m);
    killed.signal("SIGKILL");
    const { status, said } = await killed.end();
    assert.equal(status, null);
    // Only the canary, with its certificate, before any other.
    assert.match(
      said,
      /^local-fleet-1 +up\nlocal-fleet-1 +stack init\nlocal-fleet-1 +up\nlocal-fleet-1 +certificate\nlocal-fleet-1 +doctor\nlocal-fleet-1 +up, \d+ changes\nlocal-fleet-2 /,
    );

    const again = fleet("up", "--concurrency", "2");
    const { stacks: ended, outcome } = await again.report(0);
    const { said: told } = await again.end();
    assert.match(told, /^Continuing the run that was started at /);
    assert.equal(outcome, "done");
    assert.deepEqual(
      ended.map(({ stack, state }) => [stack, state]),
      stacks.map((stack) => [stack, "done"]),
    );
    assert.equal(ended[0]?.step, "done by the previous run");
    for (const { stack, certificateExpiry, rotateBy, worst } of ended.slice(1)) {
      assert(Date.parse(certificateExpiry ?? "") > Date.now(), `${stack} has no certificate`);
      assert(Date.parse(rotateBy ?? "") > Date.now(), `${stack} has no credential`);
      assert(worst !== null && worst !== "error", `${stack}: ${worst}`);
    }
    assert.equal(await updates("local-fleet-1"), 1);
    const cluster = new Cluster(second);
    assert.equal((await cluster.pod("fleet-2", "fleet-2-provider-0"))?.status?.phase, "Running");
  });

  it("is rotated once, also after an interruption: running stacks are finished", async () => {
    const before = await clouds.credentials("google");
    assert.equal(before.length, 5);
    const interrupted = fleet("rotate", "--all", "--concurrency", "2", "--canary", "local-fleet-2");
    await interrupted.says(/^local-fleet-2 +rotate$/m);
    interrupted.signal("SIGINT");
    const { stacks: first, outcome } = await interrupted.report(3);
    assert.equal(outcome, "interrupted");
    assert.deepEqual(
      first.filter(({ state }) => state !== "waiting").map(({ stack, step }) => [stack, step]),
      [["local-fleet-2", "rotated"]],
    );
    const { said } = await interrupted.end();
    assert.match(said, /^Interrupted: /m);
    const [, command = ""] = /^The same command continues: (.*)$/m.exec(said) ?? [];
    assert.equal(
      command,
      "npm run fleet -- rotate --stacks 'local-fleet-*' --canary local-fleet-2 --concurrency 2 --all --json --sandbox",
    );

    const { status, output } = await workspace.shell(command);
    assert.equal(status, 0, output);
    const after = await clouds.credentials("google");
    assert.equal(after.length, 5);
    assert.deepEqual(
      after.filter((id) => before.includes(id)),
      [],
    );
    // One up, and one rotation. The killed stack may have been deployed twice.
    for (const stack of ["local-fleet-1", "local-fleet-2", "local-fleet-5"]) {
      assert((await updates(stack)) <= (stack === "local-fleet-2" ? 3 : 2), stack);
    }
  });

  it("is stopped by a policy that refuses a stack, until the stack is fixed", async () => {
    const stopped = fleet("preview", "--policy-pack", "policy", "--canary", "local-fleet-5");
    const { stacks: ended } = await stopped.report(1);
    assert.deepEqual(
      ended.map(({ state }) => state),
      ["waiting", "waiting", "waiting", "waiting", "failed"],
    );
    const { failure } = ended.at(-1) ?? {};
    const [, policy, command = ""] =
      /^Policy (\S+) \(dns-grant\): .*\nThe grant covers every zone of the project\. .*: (.*)$/.exec(
        failure ?? "",
      ) ?? [];
    assert.equal(policy, "akash-provider/grant-on-one-zone", failure ?? "");
    assert.equal((await workspace.shell(command)).status, 0, command);
    // The pack as it is published.
    const built = await workspace.shell("npm run -s build-policy");
    assert.equal(built.status, 0, built.output);
    const { output } = await workspace.succeed(
      ...["preview", "-s", "local-fleet-5", "--policy-pack", "dist/policy"],
    );
    assert.match(output, /akash-provider/);
  });

  it("finds and repairs the stack whose state a killed run has damaged, by the printed commands", async () => {
    const stacksOf = join(pulumiStateDirectory(sandbox.directory), ".pulumi/stacks");
    const [attributes = ""] = globSync(join(stacksOf, "*/local-fleet-3.json.attrs"));
    truncateSync(attributes);
    const { status, said } = await fleet("preview").end();
    assert.equal(status, 1, said);
    const [command] = /npm run fleet -- doctor$/m.exec(said) ?? [];
    const doctor = await workspace.shell(
      `${command ?? assert.fail(said)} --stacks 'local-fleet-*' --sandbox`,
    );
    const [repair = ""] = /find .*/.exec(doctor.output) ?? [];
    assert.match(repair, /local-fleet-3\.json/, doctor.output);
    assert.equal((await workspace.shell(repair)).output, "");
    await workspace.succeed("stack", "export", "-s", "local-fleet-3");
  });

  it("does not change the operator's selected stack", async () => {
    const { stdout } = await workspace.succeed("stack", "ls", "--json");
    const listed = JSON.parse(stdout) as readonly { readonly current: boolean }[];
    assert.equal(listed.length, 5);
    assert(!listed.some(({ current }) => current), stdout);
  });
});
