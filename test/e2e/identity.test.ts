import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { operatorTokens } from "../../sandbox/cluster/clouds.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { describeExhaustive, itExhaustive } from "../support/exhaustive.ts";
import {
  RotatingStack,
  rotatingCloudflare,
  rotatingGoogle,
  rotatingSettings,
} from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import { readKubeconfig } from "../support/secondCluster.ts";
import { Workspace } from "../support/workspace.ts";

const project = "sandbox-project";

/** A call to an emulator. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly who: string;
  readonly quotaProject?: string;
}

interface Calls {
  readonly calls: readonly Call[];
}

/** The doctor's output, regardless of its findings. */
function doctorOf(
  workspace: Workspace,
  sandbox: Sandbox,
  ...args: readonly string[]
): Promise<string> {
  return printed(workspace, sandbox.environment, "doctor", args);
}

/** The output of one of the commands. */
function printed(
  { directory, stack }: Workspace,
  environment: NodeJS.ProcessEnv,
  command: "adopt" | "doctor",
  args: readonly string[],
): Promise<string> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [resolve(command, "main.ts"), "-s", stack, ...args],
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

  it("refuses a key without its address before anything is created", async () => {
    await workspace.succeed("config", "rm", "-s", name, "cloudflare:email");
    const { status, output } = await workspace.pulumi("preview", "-s", name);
    assert.notEqual(status, 0);
    assert.match(output, /global API key of a user, but the user's e-mail address is missing/);
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

  it("is that of the plugin and of the program, which create, rotate and delete keys", async () => {
    await keyCalls();
    await stack.rotate();
    // Before the test's own calls.
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

  itExhaustive(
    "creates account, grant and key again in one up after the account was deleted",
    async () => {
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
    },
  );

  it("deletes the account with the stack", async () => {
    await workspace.destroy();
    assert.deepEqual((await clouds.google()).accounts, [operator]);
    await clouds.deleteAccount(operator);
  });
});

/** An identity that Google's libraries find, in addition to those in the tests above. */
interface FoundIdentity {
  readonly name: string;
  readonly what: string;
  /**
   * Registers the identity at the emulator, with the permission to act as an account.
   *
   * @returns the variables with which it is found
   */
  readonly prepare: (place: {
    readonly sandbox: Sandbox;
    readonly clouds: SandboxClouds;
    readonly workspace: Workspace;
    readonly account: string;
  }) => Promise<NodeJS.ProcessEnv>;
  /** Removes the registration. */
  readonly forget: (clouds: SandboxClouds, account: string) => Promise<void>;
  /** The identity that requests the account's tokens at the emulator. Default: the account itself. */
  readonly behind?: string;
  /** The program's message if the identity is unknown. */
  readonly unknown: RegExp;
}

const pool = "projects/1/locations/global/workloadIdentityPools/ci";
const federated = {
  audience: `//iam.googleapis.com/${pool}/providers/ci`,
  principal: `principal://iam.googleapis.com/${pool}/subject/main`,
  token: "token-of-the-other-provider",
};

const acting = `identity-acting@${project}.iam.gserviceaccount.com`;

const foundIdentities: readonly FoundIdentity[] = [
  {
    name: "identity-machine",
    what: "the machine's account, by its metadata server",
    prepare: async ({ sandbox, clouds, workspace, account }) => {
      await clouds.set("google", { metadataAccount: account });
      return {
        GOOGLE_OAUTH_ACCESS_TOKEN: undefined,
        GCE_METADATA_HOST: new URL(sandbox.clouds.googleUrl).host,
        // Without the login of the user who runs the tests.
        HOME: workspace.directory,
      };
    },
    forget: (clouds) => clouds.set("google", { metadataAccount: "" }),
    unknown: /Pulumi has no credentials for Google/,
  },
  {
    name: "identity-federated",
    what: "another provider's, by an external_account file, preferred to the environment's token",
    prepare: async ({ sandbox, clouds, workspace, account }) => {
      await clouds.seed("google", { workloadIdentities: [federated] });
      await clouds.allowActing(account, federated.principal);
      const folder = join(workspace.directory, "identity");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "token"), federated.token);
      const { googleUrl } = sandbox.clouds;
      const file = join(folder, "credentials.json");
      writeFileSync(
        file,
        JSON.stringify({
          type: "external_account",
          audience: federated.audience,
          subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
          token_url: `${googleUrl}/v1/token`,
          service_account_impersonation_url: `${googleUrl}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
          credential_source: { file: join(folder, "token") },
        }),
      );
      await workspace.succeed("config", "set", "-s", workspace.stack, "gcp:credentials", file);
      return {};
    },
    forget: (clouds) => clouds.seed("google", { workloadIdentities: [] }),
    behind: federated.principal,
    unknown: /rejects the token of the other identity provider/,
  },
  {
    name: "identity-login",
    what: "an account that a login impersonates, by an impersonated_service_account file",
    prepare: async ({ sandbox, clouds, workspace, account }) => {
      const isThere = (await clouds.google()).accounts.includes(acting);
      const key = await (isThere
        ? clouds.keyFile(acting)
        : clouds.googleKey("identity-acting", []));
      await clouds.allowActing(account, `serviceAccount:${acting}`);
      const file = join(workspace.directory, "application_default_credentials.json");
      writeFileSync(
        file,
        JSON.stringify({
          type: "impersonated_service_account",
          source_credentials: JSON.parse(key) as unknown,
          service_account_impersonation_url: `${sandbox.clouds.googleUrl}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
          delegates: [],
        }),
      );
      return { GOOGLE_OAUTH_ACCESS_TOKEN: undefined, GOOGLE_APPLICATION_CREDENTIALS: file };
    },
    forget: (clouds, account) => clouds.allowActing(account),
    behind: acting,
    unknown: /you may not act as identity-login@/,
  },
];

for (const { name, what, prepare, forget, behind, unknown } of foundIdentities) {
  const describeIdentity = name === "identity-federated" ? describe : describeExhaustive;
  describeIdentity(`the operator's identity at Google, ${what}`, () => {
    let sandbox: Sandbox;
    let clouds: SandboxClouds;
    let account: string;
    let environment: NodeJS.ProcessEnv;
    let workspace: Workspace;
    let stack: RotatingStack;

    /** The callers of a run, except those for whom a credential was created. */
    async function callersIn(run: () => Promise<unknown>): Promise<readonly string[]> {
      await clouds.control("google", "DELETE", "calls");
      await run();
      const { calls } = await clouds.control<Calls>("google", "GET", "calls");
      const callers = calls.filter(({ status }) => status === 200).map(({ who }) => who);
      return [...new Set(callers)].filter((who) => !who.startsWith("akash-dns-")).sort();
    }

    before(async () => {
      sandbox = await testSandbox();
      clouds = new SandboxClouds(sandbox);
      account = await clouds.projectOwner(name);
      const settings = rotatingSettings(rotatingGoogle, name, {});
      const plain = await Workspace.create(sandbox, name, name, settings);
      const found = await prepare({ sandbox, clouds, workspace: plain, account });
      environment = { ...sandbox.environment, ...found };
      workspace = plain.withEnvironment(found);
      stack = RotatingStack.of(rotatingGoogle, sandbox, workspace);
    });
    after(async () => {
      for (const email of (await clouds.google()).accounts) {
        await clouds.deleteAccount(email);
      }
    });

    /** The callers at the emulator. */
    const expected = () => [account, ...(behind === undefined ? [] : [behind])].sort();

    it("is that of the plugin and the proof", async () => {
      assert.deepEqual(await callersIn(() => workspace.up()), expected());
    });

    it("is that of a rotation, with the lists of credentials", async () => {
      assert.deepEqual(await callersIn(() => stack.rotate()), expected());
    });

    it("has left one credential, which works", () => stack.assertFinished());

    it("is that of the doctor, which proves the credential", async () => {
      let output = "";
      const callers = await callersIn(async () => {
        output = await printed(workspace, environment, "doctor", ["--prove"]);
      });
      assert.deepEqual(callers, expected(), output);
      assert.match(output, /a TXT record was written/);
      assert.doesNotMatch(output, /Could not be checked/);
    });

    // The calls of adopt and the next two ups do not depend on where the identity was found.

    it("is that of adopt", async () => {
      await workspace.succeed("stack", "rm", name, "--yes", "--force", "--preserve-config");
      let output = "";
      const callers = await callersIn(async () => {
        output = await printed(workspace, environment, "adopt", []);
      });
      assert.deepEqual(callers, expected(), output);
      assert.match(output, new RegExp(`pulumi up -s ${name}`));
    });

    for (const what of ["makes another credential", "deletes the one before"]) {
      it(`is that of the up after it that ${what}`, async () => {
        assert.deepEqual(await callersIn(() => workspace.up()), expected());
      });
    }

    it("is refused in the preview if it is no longer known", async () => {
      await forget(clouds, account);
      const { status, output } = await workspace.pulumi("preview", "-s", name);
      assert.notEqual(status, 0, output);
      assert.match(output, unknown);
      assert.doesNotMatch(output, new RegExp(`${federated.token}|\\n\\s+at .*\\.[jt]s:`));
      await prepare({ sandbox, clouds, workspace, account });
    });

    it("deletes what it has created", async () => {
      await workspace.destroy();
      const { accounts } = await clouds.google();
      assert.deepEqual(
        accounts.filter((email) => email !== behind),
        [account],
      );
    });
  });
}

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
  afterEach(() =>
    set({
      enforcedConstraints: [],
      allowedMemberDomains: [],
      disabledServices: [],
      policyReadable: true,
    }),
  );

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
    it(`keys of service accounts, by ${constraint}, is reported before anything is created`, async () => {
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

  itExhaustive(
    "keys of service accounts, and each alternative is a command that works",
    async () => {
      const key = await clouds.googleKey("brought", [
        { zone: "example-test", role: "roles/dns.admin" },
      ]);
      await set({ enforcedConstraints: ["iam.disableServiceAccountKeyCreation"] });
      const output = await refusedUp();
      const ways = [...output.matchAll(/^ +(pulumi config .*)$/gm)].map(([, way = ""]) => way);
      assert.equal(ways.length, 4, output);
      for (const way of ways) {
        workspace.configure(rotatingSettings(rotatingGoogle, name, {}));
        writeFileSync(join(workspace.directory, "service-account.json"), key);
        const filled = way.replace("'ZONE'", "example.test").replace("'ACCOUNT'", "akash-dns");
        const { status, output: said } = await workspace.shell(filled);
        assert.equal(status, 0, `${filled}\n${said}`);
        await workspace.succeed("preview", "-s", name);
      }
      workspace.configure(rotatingSettings(rotatingGoogle, name, {}));
      for (const account of (await clouds.google()).accounts) {
        await clouds.deleteAccount(account);
      }
    },
  );

  const others = { allowedMemberDomains: ["C0other11"] };

  it("roles for its own service accounts, is reported before anything is created", async () => {
    await set(others);
    const output = await refusedUp();
    assert.match(output, /iam\.allowedPolicyMemberDomains .*domain-restricted sharing[^]*http-01/);
    assert.doesNotMatch(output, /workloadIdentity/);
    assert.deepEqual((await clouds.google()).accounts, []);
  });

  itExhaustive(
    "roles for its own service accounts, by a policy that cannot be read, leaves nothing behind at Google",
    async () => {
      await set({ ...others, policyReadable: false });
      const output = await refusedUp();
      assert.match(output, /iam\.allowedPolicyMemberDomains[^]*Do one of the following/);
      const { accounts, keys } = await clouds.google();
      assert.deepEqual([accounts.length, Object.values(keys).flat()], [1, []]);
      // After it is permitted, the same command continues with the existing objects.
      await set({ allowedMemberDomains: [] });
      await workspace.up();
      assert.deepEqual((await clouds.google()).accounts, accounts);
      await workspace.destroy();
      assert.deepEqual((await clouds.google()).accounts, []);
    },
  );

  it("the use of an API that is not enabled, with the command that enables it", async () => {
    await set({ disabledServices: ["iam.googleapis.com"] });
    assert.match(await refusedUp(), /gcloud services enable iam\.googleapis\.com --project=\d+/);
    await set({ disabledServices: ["dns.googleapis.com"] });
    assert.match(await refusedUp(), /gcloud services enable dns\.googleapis\.com --project=\d+/);
    await set({ disabledServices: [] });
    assert.deepEqual((await clouds.google()).accounts, []);
  });

  itExhaustive(
    "keys, by a policy that cannot be read, leaves nothing behind at Google",
    async () => {
      await set({
        enforcedConstraints: ["iam.disableServiceAccountKeyCreation"],
        policyReadable: false,
      });
      const output = await refusedUp();
      assert.match(output, /iam\.disableServiceAccountKeyCreation[^]*Do one of the following/);
      // One of the printed alternatives.
      await workspace.succeed("config", "rm", "-s", name, "dns");
      await workspace.succeed("config", "set", "-s", name, "challenge", "http-01");
      await workspace.up();
      const { accounts, grants } = await clouds.google();
      assert.deepEqual(accounts, []);
      // The leftovers of earlier deletions in the policies grant nothing, and do not belong to the program.
      assert.deepEqual(
        grants.filter(({ member }) => !member.startsWith("deleted:")),
        [],
      );
    },
  );

  it("nothing, but nothing is created either if the cluster is unreachable", async () => {
    const { clusters, users, ...rest } = readKubeconfig(sandbox.kubeconfig);
    const [known, admin] = [clusters[0]?.cluster, users[0]?.user];
    const KUBECONFIG = join(workspace.directory, "unusable-kubeconfig");
    workspace.configure(rotatingSettings(rotatingGoogle, name, {}));
    for (const [cluster, user, said] of [
      [{ ...known, server: "https://127.0.0.1:2" }, admin, /does not respond .*127\.0\.0\.1:2/],
      [known, { token: "t", username: "u", password: "p" }, /has both a token and a password/],
    ] as const) {
      const named = {
        clusters: [{ name: "sandbox", cluster }],
        users: [{ name: "sandbox", user }],
      };
      writeFileSync(KUBECONFIG, JSON.stringify({ ...rest, ...named }));
      const { status, output } = await workspace
        .withEnvironment({ KUBECONFIG })
        .pulumi("up", "-s", name, "--yes");
      assert.notEqual(status, 0, output);
      assert.match(output, said);
      assert.match(
        output,
        new RegExp(
          `Nothing was created in the cluster or at the DNS provider\\. After the fix, run: pulumi up -s ${name}`,
        ),
      );
      assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
      assert.deepEqual((await clouds.google()).accounts, []);
    }
    await workspace.succeed("config", "rm", "-s", name, "dns");
    await workspace.succeed("config", "set", "-s", name, "challenge", "http-01");
    await workspace.destroy();
  });
});
