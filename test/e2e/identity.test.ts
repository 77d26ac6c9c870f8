import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { operatorTokens } from "../../sandbox/cluster/clouds.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { SandboxClouds } from "../support/clouds.ts";
import {
  RotatingStack,
  rotatingCloudflare,
  rotatingGoogle,
  rotatingSettings,
} from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace } from "../support/workspace.ts";

const project = "sandbox-project";

/** A call that an emulator saw. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly who: string;
  readonly quotaProject?: string;
}

/** What the doctor prints, whatever it finds. */
function doctorOf({ directory, stack }: Workspace, { environment }: Sandbox): Promise<string> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [resolve("doctor/main.ts"), "-s", stack],
      { cwd: directory, env: { ...environment, NO_COLOR: "1" } },
      (_error, stdout, stderr) => {
        done(stdout + stderr);
      },
    );
  });
}

describe("the operator's identity at Cloudflare, a global key with its address", () => {
  const name = "identity-cloudflare";
  let sandbox: Sandbox;
  let workspace: Workspace;
  let stack: RotatingStack;

  before(async () => {
    sandbox = await testSandbox();
    const settings = rotatingSettings(rotatingCloudflare, name, {});
    workspace = (await Workspace.create(sandbox, name, name, settings)).withEnvironment({
      CLOUDFLARE_API_TOKEN: "",
    });
    const config = ["config", "set", "-s", name];
    await workspace.succeed(...config, "cloudflare:email", "operator@sandbox.invalid");
    await workspace.succeed(
      ...config,
      "--secret",
      "cloudflare:apiKey",
      operatorTokens.cloudflareKey,
    );
    await workspace.up();
    stack = RotatingStack.of(rotatingCloudflare, sandbox, workspace);
  });

  it("rotates the token and deletes the old one", async () => {
    const [before] = await stack.live();
    const { output } = await stack.rotate();
    assert.doesNotMatch(output, new RegExp(operatorTokens.cloudflareKey));
    assert.doesNotMatch(output, /could not/i);
    const after = await stack.live();
    assert.equal(after.length, 1);
    assert.notEqual(after[0], before);
    await stack.assertFinished();
  });

  it("refuses a key without its address before anything is made", async () => {
    await workspace.succeed("config", "rm", "-s", name, "cloudflare:email");
    const { status, output } = await workspace.pulumi("preview", "-s", name);
    assert.notEqual(status, 0);
    assert.match(output, /global API key of a user, and which user is not said/);
    assert.doesNotMatch(output, new RegExp(operatorTokens.cloudflareKey));
    await workspace.succeed(
      ...["config", "set", "-s", name, "cloudflare:email", "operator@sandbox.invalid"],
    );
  });

  it("deletes the token with the stack", async () => {
    await workspace.destroy();
    assert.deepEqual(await stack.live(), []);
  });
});

describe("the operator's identity at Google, an account that is impersonated", () => {
  const name = "identity-google";
  let sandbox: Sandbox;
  let clouds: SandboxClouds;
  let operator: string;
  let workspace: Workspace;
  let stack: RotatingStack;

  /** The calls about keys since the last time. */
  async function keyCalls(): Promise<readonly Call[]> {
    interface Calls {
      readonly calls: readonly Call[];
    }
    const { calls } = await clouds.control<Calls>("google", "GET", "calls");
    await clouds.control("google", "DELETE", "calls");
    return calls.filter(({ path }) => path.includes("/keys"));
  }

  before(async () => {
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
    operator = await clouds.projectOwner("identity-operator");
    const settings = rotatingSettings(rotatingGoogle, name, {});
    workspace = (await Workspace.create(sandbox, name, name, settings)).withEnvironment({
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: operator,
      GOOGLE_BILLING_PROJECT: project,
      USER_PROJECT_OVERRIDE: "true",
    });
    await workspace.up();
    stack = RotatingStack.of(rotatingGoogle, sandbox, workspace);
  });

  it("makes, rotates and deletes keys by plugin and program alike", async () => {
    await keyCalls();
    await stack.rotate();
    // Before the test makes calls of its own.
    const calls = await keyCalls();
    await stack.assertFinished();
    assert.deepEqual([...new Set(calls.map(({ method }) => method))].sort(), [
      "DELETE",
      "GET",
      "POST",
    ]);
    assert.deepEqual([...new Set(calls.map(({ who }) => who))], [operator]);
    assert.deepEqual([...new Set(calls.map(({ quotaProject }) => quotaProject))], [project]);
  });

  it("makes account, grant and key anew in one up where the account was deleted", async () => {
    const [old = ""] = (await clouds.google()).accounts.filter((email) => email !== operator);
    await clouds.deleteAccount(old);
    const doctor = await doctorOf(workspace, sandbox);
    const [, ...args] =
      /pulumi up -s \S+ --replace '\*\*::dns-suffix'/
        .exec(doctor)?.[0]
        .replaceAll("'", "")
        .split(" ") ?? assert.fail(doctor);
    const refused = await workspace.pulumi("up", "-s", name, "--yes", "--replace", "**::dns-key");
    assert.notEqual(refused.status, 0);
    assert.match(refused.output, /no longer exists[^]*--replace '\*\*::dns-suffix'/);
    await workspace.succeed(...args, "--yes");
    await stack.assertFinished();
    const { accounts, grants } = await clouds.google();
    const [made, ...others] = accounts.filter((email) => email !== operator);
    assert.deepEqual(others, []);
    assert.notEqual(made, old);
    const onZone = grants.filter(({ on }) => on === "example-test").map(({ member }) => member);
    assert(onZone.includes(`serviceAccount:${made ?? ""}`), String(onZone));
    assert(!onZone.includes(`serviceAccount:${old}`), String(onZone));
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
  });

  it("deletes the account with the stack", async () => {
    await workspace.destroy();
    assert.deepEqual((await clouds.google()).accounts, [operator]);
    await clouds.deleteAccount(operator);
  });
});

describe("what a Google organization forbids", () => {
  const name = "identity-forbidden";
  let sandbox: Sandbox;
  let clouds: SandboxClouds;
  let workspace: Workspace;

  const set = (settings: object) => clouds.set("google", settings);

  before(async () => {
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
    const settings = rotatingSettings(rotatingGoogle, name, {});
    workspace = await Workspace.create(sandbox, name, name, settings);
  });
  afterEach(() => set({ enforcedConstraints: [], disabledServices: [], policyReadable: true }));

  async function refusedUp(...args: readonly string[]): Promise<string> {
    const { status, output } = await workspace.pulumi("up", "-s", name, "--yes", ...args);
    assert.notEqual(status, 0, output);
    assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
    return output;
  }

  for (const constraint of [
    "iam.disableServiceAccountKeyCreation",
    "iam.managed.disableServiceAccountKeyCreation",
  ]) {
    it(`keys of service accounts, by ${constraint}, is found out before anything is made`, async () => {
      await set({ enforcedConstraints: [constraint] });
      const output = await refusedUp();
      for (const part of [
        constraint,
        "workloadIdentity",
        "serviceAccountKey",
        "cloudflare",
        "http-01",
      ]) {
        assert(output.includes(part), `${part} is not in ${output}`);
      }
      assert.deepEqual((await clouds.google()).accounts, []);
    });
  }

  it("the use of an API that is not enabled, with the command that enables it", async () => {
    await set({ disabledServices: ["iam.googleapis.com"] });
    assert.match(await refusedUp(), /gcloud services enable iam\.googleapis\.com --project=\d+/);
    await set({ disabledServices: ["dns.googleapis.com"] });
    assert.match(await refusedUp(), /gcloud services enable dns\.googleapis\.com --project=\d+/);
    await set({ disabledServices: [] });
    assert.deepEqual((await clouds.google()).accounts, []);
  });

  it("keys, where the policy cannot be read, which leaves nothing that stays", async () => {
    await set({
      enforcedConstraints: ["iam.disableServiceAccountKeyCreation"],
      policyReadable: false,
    });
    const output = await refusedUp();
    assert.match(output, /iam\.disableServiceAccountKeyCreation[^]*The ways out/);
    // One of the ways out, as it is printed.
    await workspace.succeed("config", "rm", "-s", name, "dns");
    await workspace.succeed("config", "set", "-s", name, "challenge", "http-01");
    await workspace.up();
    const { accounts, grants } = await clouds.google();
    assert.deepEqual(accounts, []);
    // What earlier deletions have left in the policies grants nothing, and is not the program's.
    assert.deepEqual(
      grants.filter(({ member }) => !member.startsWith("deleted:")),
      [],
    );
    await workspace.destroy();
  });
});
