import assert from "node:assert/strict";
import {
  challengePermissions,
  issuerPermissions,
  operatorPermissions,
  stepNeeds,
} from "../../dns/googleCloud/permissions.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { doctorReport } from "../support/doctor.ts";
import {
  RotatingStack,
  rotatingCloudflare,
  rotatingGoogle,
  rotatingSettings,
  type RotatingCloud,
} from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const project = "sandbox-project";
const accountId = "5a".repeat(16);

/** A stack that is run by an identity with only these permissions. */
async function stackOf(
  cloud: RotatingCloud,
  name: string,
  identity: NodeJS.ProcessEnv,
  more: StackSettings = {},
): Promise<RotatingStack> {
  const sandbox = await testSandbox();
  const settings = rotatingSettings(cloud, name, more);
  const workspace = await Workspace.create(sandbox, name, name, settings);
  return RotatingStack.of(cloud, sandbox, workspace.withEnvironment({ ...nobody, ...identity }));
}

/** Without any identity at Google or Cloudflare. */
const nobody = {
  GOOGLE_OAUTH_ACCESS_TOKEN: "",
  GOOGLE_CREDENTIALS: "",
  CLOUDFLARE_API_TOKEN: "",
} as const;

async function googleOperator(
  clouds: SandboxClouds,
  name: string,
  roles: readonly string[],
): Promise<NodeJS.ProcessEnv> {
  const grants = roles.map((role) => ({ role }));
  return { GOOGLE_CREDENTIALS: await clouds.googleKey(name, grants) };
}

/** A refusal is reported in sentences, and nothing was changed at Google. */
async function refused({ workspace }: RotatingStack, command: readonly string[]): Promise<string> {
  const { status, output } = await workspace.pulumi(...command);
  assert.notEqual(status, 0, output);
  assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
  return output;
}

const preview = ({ name }: RotatingStack) => ["preview", "-s", name];
const up = ({ name }: RotatingStack) => ["up", "-s", name, "--yes"];

/** The doctor could read the state at the DNS provider, and finds nothing wrong. */
async function assertDoctorSees({ workspace }: RotatingStack): Promise<void> {
  const { findings } = await doctorReport(workspace);
  const ofCredential = findings.filter(({ group }) => group === "Credential");
  assert(ofCredential.length > 0, "no findings about the credential");
  const wrong = ofCredential.filter(({ severity }) => !["ok", "info"].includes(severity));
  assert.deepEqual(wrong, []);
}

async function runsThrough(stack: RotatingStack): Promise<void> {
  await stack.workspace.up();
  await stack.rotate();
  await stack.assertFinished();
  await stack.workspace.destroy();
  assert.deepEqual(await stack.live(), []);
}

describe("rights at Google", () => {
  let clouds: SandboxClouds;

  before(async () => {
    clouds = new SandboxClouds(await testSandbox());
  });
  afterEach(async () => {
    await clouds.clearFaults();
    await clouds.set("google", { disabledServices: [], changeDelayMs: 0 });
  });

  const accountRoles = [
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/dns.reader",
  ];

  itExhaustive("are enough with predefined roles, and the two APIs", async () => {
    const roles = [...accountRoles, "roles/iam.securityAdmin"];
    const operator = await googleOperator(clouds, "rights-predefined", roles);
    await clouds.set("google", {
      disabledServices: ["cloudresourcemanager.googleapis.com", "orgpolicy.googleapis.com"],
    });
    await runsThrough(await stackOf(rotatingGoogle, "rights-predefined", operator));
  });

  itExhaustive(
    "are enough with a custom role for the grant in place of roles/iam.securityAdmin",
    async () => {
      const granting = await clouds.googleRole("zoneGrants", stepNeeds.zoneGrant.permissions);
      const operator = await googleOperator(clouds, "rights-granting", [...accountRoles, granting]);
      await runsThrough(await stackOf(rotatingGoogle, "rights-granting", operator));
    },
  );

  it("are enough with one custom role", async () => {
    const role = await clouds.googleRole("operator", operatorPermissions);
    const operator = await googleOperator(clouds, "rights-one-role", [role]);
    const stack = await stackOf(rotatingGoogle, "rights-one-role", operator);
    await stack.workspace.up();
    await stack.assertIssues();
    await assertDoctorSees(stack);
    await runsThrough(stack);
  });

  itExhaustive("are enough for a grant on the project", async () => {
    const roles = [...accountRoles, "roles/resourcemanager.projectIamAdmin"];
    const operator = await googleOperator(clouds, "rights-project", roles);
    const dns = { grant: "project" };
    await runsThrough(await stackOf(rotatingGoogle, "rights-project", operator, { dns }));
  });

  describe("with less than one custom role", () => {
    let stack: RotatingStack;

    before(async () => {
      const role = await clouds.googleRole("less", operatorPermissions);
      const operator = await googleOperator(clouds, "rights-less", [role]);
      stack = await stackOf(rotatingGoogle, "rights-less", operator);
    });

    const without = (missing: string) =>
      clouds.googleRole(
        "less",
        operatorPermissions.filter((permission) => permission !== missing),
      );

    const steps = [stepNeeds.account, stepNeeds.zoneGrant, stepNeeds.key];
    const foreseen = steps.flatMap(({ permissions }) => permissions);
    const first = steps.map(({ permissions }) => permissions[0]);
    for (const missing of foreseen) {
      // Otherwise, one permission of each step: the program checks all permissions of a step with one call.
      (first.includes(missing) ? it : itExhaustive)(
        `${missing}, are found out before anything is made`,
        async () => {
          await without(missing);
          const output = await refused(stack, preview(stack));
          assert(output.includes(`The identity that runs Pulumi lacks ${missing} on `), output);
          assert.match(output, /gcloud projects add-iam-policy-binding sandbox-project/);
          assert.match(output, /--member=serviceAccount:rights-less@sandbox-project/);
          assert.match(
            output,
            /Nothing was created at Google\. After the fix, run: pulumi up -s rights-less/,
          );
          assert.deepEqual(await clouds.stacksAccounts(), []);
        },
      );
    }

    it("dns.managedZones.list, are reported with the zone, which can be set instead", async () => {
      await without("dns.managedZones.list");
      assert.match(await refused(stack, preview(stack)), /may not list the zones/);
      stack.configure({ dns: { zone: "example-test" } });
      await stack.workspace.succeed(...preview(stack));
      await without("dns.managedZones.get");
      await refused(stack, preview(stack));
      stack.configure();
    });

    it("iam.serviceAccountKeys.list, are sufficient with a warning", async () => {
      await without("iam.serviceAccountKeys.list");
      const { output } = await stack.workspace.up();
      assert.match(output, /Could not check for orphan credentials of interrupted runs/);
    });

    it("for the deletion of old keys, prevent a rotation", async () => {
      const [before] = await stack.live();
      await without("iam.serviceAccountKeys.delete");
      const output = await refused(stack, [...up(stack), "--replace", stack.pattern]);
      assert.match(
        output,
        /lacks iam\.serviceAccountKeys\.delete on the service account akash-dns-\w+@/,
      );
      assert.deepEqual(await stack.live(), [before]);
    });

    it("for the deletion of the account, are reported with the command", async () => {
      await without("iam.serviceAccounts.delete");
      const output = await refused(stack, ["destroy", "-s", stack.name, "--yes", "--run-program"]);
      assert.match(output, /lacks iam\.serviceAccounts\.delete on project sandbox-project/);
      assert.match(output, /--role=roles\/iam\.serviceAccountAdmin --member=serviceAccount:/);
      await clouds.googleRole("less", operatorPermissions);
      await stack.workspace.destroy();
      assert.deepEqual(await clouds.stacksAccounts(), []);
    });
  });

  describe("of roles/dns.admin, without the permission to grant a role on the zone", () => {
    const name = "rights-dns-admin";
    let stack: RotatingStack;

    before(async () => {
      const roles = [...accountRoles, "roles/dns.admin"];
      stack = await stackOf(rotatingGoogle, name, await googleOperator(clouds, name, roles));
    });

    it("are reported before the account is created, with commands that fix it", async () => {
      const output = await refused(stack, up(stack));
      assert.match(
        output,
        /lacks dns\.managedZones\.setIamPolicy on the managed zone example-test of project sandbox-project/,
      );
      assert.deepEqual(await clouds.stacksAccounts(), []);
    });

    itExhaustive(
      "are reported after Google's refusal if they cannot be tested before, and the next up continues",
      async () => {
        const fault = { match: ":testIamPermissions$", status: 500, times: 50 };
        await clouds.inject("google", fault);
        const output = await refused(stack, up(stack));
        assert.match(
          output,
          /lacks dns\.managedZones\.getIamPolicy or dns\.managedZones\.setIamPolicy on the managed zone example-test/,
        );
        const [, permissions = "", member = ""] =
          /gcloud iam roles create akashZoneGrants --project=sandbox-project .*--permissions=(\S+) && gcloud projects add-iam-policy-binding sandbox-project --role=projects\/sandbox-project\/roles\/akashZoneGrants --member=(\S+) /.exec(
            output,
          ) ?? assert.fail(output);
        assert.equal((await clouds.stacksAccounts()).length, 1);
        assert.deepEqual(await stack.live(), []);
        // The effect of the command.
        const role = await clouds.googleRole("akashZoneGrants", permissions.split(","));
        await clouds.grant(`/v1/projects/${project}`, role, member);
        await clouds.clearFaults();
        await stack.workspace.up();
        await stack.works(await stack.credential());
        await stack.workspace.destroy();
        assert.deepEqual(await clouds.stacksAccounts(), []);
      },
    );
  });

  it("for a rotation are only those on the account's keys, and to read the zone", async () => {
    const name = "rights-rotation";
    const stack = await stackOf(rotatingGoogle, name, {
      GOOGLE_OAUTH_ACCESS_TOKEN: (await testSandbox()).environment.GOOGLE_OAUTH_ACCESS_TOKEN,
    });
    await stack.workspace.up();
    const [account = ""] = await clouds.stacksAccounts();
    const operator = await clouds.googleKey(name, [
      { zone: "example-test", role: "roles/dns.reader" },
    ]);
    const { client_email: email } = JSON.parse(operator) as { readonly client_email: string };
    await clouds.grant(
      `/v1/projects/${project}/serviceAccounts/${account}`,
      "roles/iam.serviceAccountKeyAdmin",
      `serviceAccount:${email}`,
    );
    stack.configure({ dns: { zone: "example-test" } });
    const rotating = RotatingStack.of(
      rotatingGoogle,
      stack.sandbox,
      stack.workspace.withEnvironment({ ...nobody, GOOGLE_CREDENTIALS: operator }),
    );
    await rotating.rotate();
    const { keys } = await clouds.google();
    assert.equal(keys[account]?.length, 1);
    await rotating.works(await rotating.credential());
    await stack.workspace.destroy();
  });

  describe("of the created account", () => {
    const name = "rights-dns-role";
    let stack: RotatingStack;

    before(async () => {
      await clouds.googleRole("akashDnsChallenge", challengePermissions);
      stack = await stackOf(
        rotatingGoogle,
        name,
        { GOOGLE_OAUTH_ACCESS_TOKEN: (await testSandbox()).environment.GOOGLE_OAUTH_ACCESS_TOKEN },
        { dns: { role: `projects/${project}/roles/akashDnsChallenge` } },
      );
    });

    it("are enough with the custom role for a certificate", async () => {
      await clouds.set("google", { changeDelayMs: 1_000 });
      await stack.workspace.up();
      await stack.assertIssues();
      const [account = ""] = await clouds.stacksAccounts();
      const { grants } = await clouds.google();
      assert.deepEqual(
        grants.filter(({ member }) => member.endsWith(account)).map(({ role }) => role),
        [`projects/${project}/roles/akashDnsChallenge`],
      );
      await assertDoctorSees(stack);
    });

    for (const missing of issuerPermissions) {
      it(`are not enough for a certificate without ${missing}`, async () => {
        await clouds.set("google", { changeDelayMs: 1_000 });
        await clouds.googleRole(
          "akashDnsChallenge",
          challengePermissions.filter((permission) => permission !== missing),
        );
        if (missing === "dns.resourceRecordSets.delete") {
          // Issues the first certificate, and leaves its record, which conflicts with the next one.
          await stack.issueAnew();
        }
        await assert.rejects(stack.issueAnew(), /^UserError: No certificate: [^]*(403|Forbidden)/);
      });
    }

    itExhaustive("are refused in advance if the role has too few", async () => {
      await clouds.googleRole("tooLittle", challengePermissions.slice(1));
      stack.configure({ dns: { role: `projects/${project}/roles/tooLittle` } });
      const output = await refused(stack, up(stack));
      assert.match(
        output,
        /gcloud iam roles update tooLittle --project=sandbox-project --add-permissions=dns\.changes\.create/,
      );
      stack.configure({ dns: { role: `projects/${project}/roles/nowhere` } });
      const nowhere = await refused(stack, up(stack));
      assert.match(nowhere, /does not exist at Google/);
      const [back] = /pulumi config rm -s \S+ --path dns\.role/.exec(nowhere) ?? [];
      assert(back !== undefined, nowhere);
      assert.equal((await stack.workspace.shell(back)).status, 0);
      await stack.workspace.succeed(...preview(stack));
    });

    it("are changed in place, and the credential is kept", async () => {
      await clouds.googleRole("akashDnsChallenge", challengePermissions);
      await stack.assertIssues();
      assert.deepEqual(await stack.txt(), []);
      const before = await stack.live();
      stack.configure();
      await stack.workspace.up();
      assert.deepEqual(await stack.live(), before);
      const [account = ""] = await clouds.stacksAccounts();
      const { grants } = await clouds.google();
      assert.deepEqual(
        grants.filter(({ member }) => member.endsWith(account)).map(({ role }) => role),
        ["roles/dns.admin"],
      );
      await stack.workspace.destroy();
    });
  });

  itExhaustive("are none for a provided key", async () => {
    const name = "rights-brought";
    const key = await clouds.googleKey("rights-brought-dns", [
      { zone: "example-test", role: "roles/dns.admin" },
    ]);
    const stack = await stackOf(rotatingGoogle, name, {}, { dns: { zone: "example-test" } });
    const set = ["config", "set", "-s", name, "--path", "--secret"];
    await stack.workspace.succeed(...set, "dns.serviceAccountKey", "--", key);
    await stack.workspace.up();
    const { result } = await stack.issueAnew();
    assert.equal(result, "issued");
    await stack.workspace.destroy();
  });

  itExhaustive("are none for the pod's own identity on GKE", async () => {
    const name = "rights-workload-identity";
    const workloadIdentity = `provider@${project}.iam.gserviceaccount.com`;
    const dns = { zone: "example-test", workloadIdentity };
    const stack = await stackOf(rotatingGoogle, name, {}, { dns });
    await stack.workspace.up();
    await stack.workspace.succeed("preview", "-s", name, "--expect-no-changes");
    await stack.workspace.destroy();
  });
});

describe("rights at Cloudflare", () => {
  let clouds: SandboxClouds;

  before(async () => {
    clouds = new SandboxClouds(await testSandbox());
  });

  const operator = async (name: string, groups: readonly string[]) => ({
    CLOUDFLARE_API_TOKEN: (await clouds.cloudflareToken(name, groups)).value,
  });

  for (const [owner, groups, dns] of [
    ["user", ["API Tokens Write", "Zone Read"], {}],
    ["account", ["Account API Tokens Write", "Zone Read"], { accountId }],
  ] as const) {
    const ofOwner = owner === "account" ? accountId : undefined;
    // The other test files deploy with a user's token; missing permissions have the same messages.
    const itLess = owner === "account" ? itExhaustive : it;

    itExhaustive(`are enough for a token of the ${owner}`, async () => {
      const name = `rights-${owner}`;
      const identity = await operator(name, groups);
      const stack = await stackOf(rotatingCloudflare, name, identity, { dns });
      await stack.workspace.up();
      await stack.assertIssues();
      const [before] = await clouds.stacksTokens(ofOwner);
      await stack.rotate();
      const [after, ...others] = await clouds.stacksTokens(ofOwner);
      assert.notEqual(after?.id, before?.id);
      assert.deepEqual(others, []);
      await stack.works(await stack.credential());
      await assertDoctorSees(stack);
      await stack.workspace.destroy();
      assert.deepEqual(await clouds.stacksTokens(ofOwner), []);
    });

    for (const missing of groups) {
      itLess(
        `are not enough for a token of the ${owner} without ${missing}, which is reported before the token is created`,
        async () => {
          const name = `rights-${owner}-less-${groups.indexOf(missing as never)}`;
          const identity = await operator(
            name,
            groups.filter((group) => group !== missing),
          );
          const stack = await stackOf(rotatingCloudflare, name, identity, { dns });
          const output = await refused(stack, preview(stack));
          assert.match(
            output,
            missing === "Zone Read" ? /Zone → Zone → Read/ : /API Tokens → Edit/,
          );
          assert.deepEqual(await clouds.stacksTokens(ofOwner), []);
        },
      );
    }

    itLess(`are not enough for a token of the ${owner} if tokens may only be read`, async () => {
      const name = `rights-${owner}-read`;
      const reading = groups.map((group) => group.replace("Tokens Write", "Tokens Read"));
      const identity = await operator(name, [...reading, "API Tokens Read"]);
      const stack = await stackOf(rotatingCloudflare, name, identity, { dns });
      const output = await refused(stack, up(stack));
      assert.match(output, /lacks a permission: it needs .*API Tokens → Edit/);
      assert.match(output, /pulumi config set -s \S+ --secret cloudflare:apiToken/);
      assert.match(output, /Nothing was created at Cloudflare/);
      assert.deepEqual(await clouds.stacksTokens(ofOwner), []);
    });
  }

  itExhaustive(
    "are reported after Cloudflare's refusal if the token may not read itself",
    async () => {
      const name = "rights-blind";
      const identity = await operator(name, ["API Tokens Read", "Zone Read"]);
      const stack = await stackOf(rotatingCloudflare, name, identity);
      await clouds.inject("cloudflare", { match: "/verify$", status: 500, times: 50 });
      const output = await refused(stack, up(stack));
      await clouds.clearFaults();
      assert.match(output, /Cloudflare refused the API token: .*User → API Tokens → Edit/);
      assert.deepEqual(await clouds.stacksTokens(), []);
      await stack.workspace.destroy();
    },
  );

  itExhaustive("are none for a provided token", async () => {
    const name = "rights-brought-token";
    const { value } = await clouds.cloudflareToken(`${name}-dns`);
    const stack = await stackOf(rotatingCloudflare, name, {});
    const set = ["config", "set", "-s", name, "--path", "--secret"];
    await stack.workspace.succeed(...set, "dns.apiToken", "--", value);
    await stack.workspace.up();
    const { result } = await stack.issueAnew();
    assert.equal(result, "issued");
    await stack.workspace.destroy();
  });
});
