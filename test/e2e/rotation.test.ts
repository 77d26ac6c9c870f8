import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SandboxClouds } from "../support/clouds.ts";
import { describeExhaustive, isExhaustive } from "../support/exhaustive.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { Readable } from "../support/readable.ts";
import { RotatingStack, rotatingCloudflare, rotatingGoogle } from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type CommandResult } from "../support/workspace.ts";

/** The DNS provider's responses: a permanent refusal, and transient failures. */
const statuses = isExhaustive ? ([403, 409, 429, 500] as const) : ([403, 500] as const);

for (const rotatingCloud of [rotatingGoogle, rotatingCloudflare]) {
  const { cloud, resource, calls } = rotatingCloud;

  const describeRotation = cloud === "google" ? describe : describeExhaustive;
  describeRotation(`rotation at ${cloud}`, () => {
    const name = `rotation-${cloud}`;
    let stack: RotatingStack;
    let workspace: Workspace;
    /** Everything that could show a credential, and the credentials that must not be in it. */
    let readable: Readable;
    const credentials = new Set<string>();

    before(async () => {
      stack = await RotatingStack.deploy(rotatingCloud, name);
      ({ workspace } = stack);
      readable = new Readable(stack.sandbox, stack.cluster, name);
      credentials.add(await stack.credential());
    });
    afterEach(async () => {
      await stack.clouds.clearFaults();
      credentials.add(await stack.credential());
    });
    after(() => workspace.destroy());

    /** Runs `pulumi up` without a preview, which the first two tests check. */
    async function tryUp(...args: readonly string[]): Promise<CommandResult> {
      return workspace.pulumi("up", "-s", name, "--yes", "--skip-preview", ...args);
    }

    /** Runs `pulumi up` and expects it to fail. */
    async function failingUp(...args: readonly string[]): Promise<string> {
      const { status, output } = await tryUp(...args);
      readable.add("output of a failing up", output);
      assert.notEqual(status, 0, output);
      assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
      return output;
    }

    it("is previewed", async () => {
      for (const form of ["--diff", "--json"]) {
        const { output } = await workspace.succeed(
          ...["preview", "-s", name, form, "--show-replacement-steps", "--replace", stack.pattern],
        );
        readable.add(`preview ${form}`, output);
      }
      assert.equal((await stack.live()).length, 1);
    });

    it("follows the command of the stack's output: new credential, Secret, release, old one last", async () => {
      const before = {
        uid: (await stack.readSecret()).metadata?.uid,
        content: await stack.credential(),
      };
      const events = join(workspace.directory, "events");
      const { most, looks } = await stack.watched(() =>
        readable.recording(async () => {
          const { output } = await stack.rotatePreviewed(
            ...["--diff", "--show-replacement-steps", "--show-sames", "--event-log", events],
          );
          readable.add("output", output);
        }),
      );
      assert.equal(most, 2);
      assert(looks > 10, `${looks} looks`);
      readable.add("event log", readFileSync(events, "utf8"));
      assert.deepEqual(steps(events), [
        `create-replacement ${resource}`,
        "update provider-dns-credential",
        "update provider-release",
        `delete-replaced ${resource}`,
      ]);
      assert.equal((await stack.readSecret()).metadata?.uid, before.uid, "the Secret was replaced");
      await assert.rejects(stack.works(before.content), "the old credential still works");
      await stack.assertFinished();
    });

    it("obtains a new certificate with the new credential", () => stack.assertIssues());

    it("follows a changed setting, from another folder, right after another rotation", async () => {
      const before = await stack.credential();
      const elsewhere = workspace.copy(`${name}-elsewhere`);
      const set = ["config", "set", "-s", name, "--path", "dns.rotation", "2026-12"];
      await elsewhere.succeed(...set);
      const { most } = await stack.watched(async () => {
        readable.add("verbose output", (await elsewhere.up("--logtostderr", "-v=9")).output);
      });
      assert.equal(most, 2);
      assert.notEqual(await stack.credential(), before);
      await workspace.succeed(...set);
      await stack.assertFinished();
    });

    it("does not follow another form of the same date, which earlier programs have written to the state", async () => {
      const file = `stacks/Pulumi.${name}.yaml`;
      const inState = (trigger: string) => `"replacementTrigger": "${trigger}"`;
      const [month, goForm] = [inState("2026-12"), inState("2026-12-01 00:00:00 +0000 UTC")];
      await workspace.editState((state) => state.replace(month, goForm));
      workspace.edit(file, "rotation: 2026-12", "rotation: 2026-12-01");
      await workspace.succeed("preview", "-s", name, "--expect-no-changes");
      workspace.edit(file, "rotation: 2026-12-01", "rotation: 2026-12-02");
      const { status, output } = await workspace.pulumi("preview", "-s", name);
      assert.equal(status, 0, output);
      assert.match(output, new RegExp(`${resource} .*replace`));
      workspace.edit(file, "rotation: 2026-12-02", "rotation: 2026-12");
      await workspace.editState((state) => state.replace(goForm, month));
      await stack.assertFinished();
    });

    it("keeps the credential in use while the new one fails its proof, and is finished later", async () => {
      const before = await stack.credential();
      await stack.clouds.inject(cloud, {
        match: calls.write,
        status: 403,
        times: 100,
        echo: true,
      });
      assert.match(await failingUp("--replace", stack.pattern), /lacks the permission/);
      await stack.clouds.clearFaults();
      assert.equal(await stack.credential(), before);
      await stack.works(before);

      const again = await failingUp("--replace", stack.pattern);
      assert.match(again, /two credentials already/, "a third credential was made");
      assert.equal((await stack.live()).length, 2);

      await workspace.up();
      assert.notEqual(await stack.credential(), before);
      await stack.assertFinished();
    });

    it("is finished by a later up when each of its calls is refused in turn", async () => {
      const before = await stack.credential();
      const matches = [calls.make, calls.write, calls.remove];
      for (const match of matches) {
        for (const status of statuses) {
          // A call that took effect but reported a failure; for a new credential, killed runs cover that.
          const when = status === 500 && match !== calls.make ? "after" : "before";
          await stack.clouds.inject(cloud, { match, status, when, echo: true });
        }
      }
      let command = ["--replace", stack.pattern];
      // Google's plugin treats a refused deletion as unnecessary; the next run then deletes the key.
      for (let runs = 1, done = false; !done; runs += 1) {
        assert(runs <= statuses.length * matches.length, "still not all faults seen");
        const { status, output } = await tryUp(...command);
        readable.add("output while the cloud refuses", output);
        assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
        assert((await stack.live()).length <= 2, "more than two credentials");
        assert(await rotatingCloud.accepted(await stack.credential(), stack.sandbox));
        if (status === 0 || output.includes("Finish the rotation first, without --replace")) {
          command = [];
        }
        done = status === 0 && (await stack.clouds.faultsSpent(cloud));
      }
      await assert.rejects(stack.works(before), "the old credential still works");
      await stack.assertFinished();
    });

    it("refuses to delete the credential that the pod uses, as --target-replace would", async () => {
      const before = await stack.credential();
      const output = await failingUp("--target-replace", stack.pattern);
      assert.match(
        output,
        new RegExp(`The credential was not deleted: the pod ${stack.pod} still uses it`),
      );
      await stack.works(before);
      await workspace.up();
      await stack.assertFinished();
    });

    it("is requested in preview and up when the credential is too old", async () => {
      await workspace.editState((state) =>
        state.replaceAll(/("(?:validAfter|issuedOn)": )"[^"]+"/g, `$1"2026-01-01T00:00:00Z"`),
      );
      const warning = new RegExp(
        `The DNS credential is \\d+ days old \\(dns\\.maxAgeDays is 90\\); replace it: pulumi up -s ${name} --replace '\\*\\*::${resource}'`,
      );
      assert.match((await workspace.succeed("preview", "-s", name)).output, warning);
      assert.match((await workspace.up()).output, warning);
      const { credential } = await workspace.outputs();
      assert.equal((credential as { readonly rotateBy: string }).rotateBy, "2026-04-01");
      await stack.rotate();
      assert.doesNotMatch((await workspace.succeed("preview", "-s", name)).output, /days old/);
    });

    it("continues with a pod that is not ready", async () => {
      const status = { conditions: [{ type: "Ready", status: "False" }] };
      await stack.cluster.core.patchNamespacedPodStatus({
        namespace: name,
        name: stack.pod,
        body: [{ op: "replace", path: "/status/conditions", value: status.conditions }],
      });
      await stack.rotate();
      await stack.assertFinished();
    });

    it("is possible with the same command when the credential is revoked already", async () => {
      const [id] = await stack.live();
      await stack.clouds.revoke(cloud, id ?? "");
      await assert.rejects(stack.works(await stack.credential()));
      await workspace.up("--replace", stack.pattern);
      await stack.assertFinished();
      await stack.assertIssues();
    });

    it("never shows a credential", async () => {
      await readable.addAll(workspace);
      assert(credentials.size > 5, `${credentials.size} credentials`);
      readable.assertWithout(credentials);
    });
  });
}

describe("a Google account with the maximum of ten keys", () => {
  const name = "rotation-limit";

  it("gets no additional key, and is reported with the keys and the commands that delete them", async () => {
    const sandbox = await testSandbox();
    const clouds = new SandboxClouds(sandbox);
    const workspace = await Workspace.create(sandbox, name, name, {
      challenge: "dns-01",
      dns: { provider: "googleCloud", project: "sandbox-project" },
      namespace: name,
      releaseName: `${name}-provider`,
      timeout: "60",
    });
    await workspace.up();
    const [email] = (await clouds.google()).accounts;
    for (let more = 1; more < 10; more += 1) {
      await clouds.addKey(email ?? "");
    }
    await clouds.inject("google", { match: "^DELETE .*/keys/", status: 403, times: 100 });
    const { status, output } = await workspace.pulumi(
      ...["up", "-s", name, "--yes", "--replace", "**::dns-key"],
    );
    await clouds.clearFaults();
    assert.notEqual(status, 0);
    assert.match(
      output,
      /There are 10 credentials already, and the orphans among them could not be deleted/,
    );
    const commands = output.match(/gcloud iam service-accounts keys delete [0-9a-f]+/g) ?? [];
    assert.equal(new Set(commands).size, 9, "each but the one in use");

    await workspace.up();
    assert.equal((await clouds.credentials("google")).length, 1);
    await workspace.destroy();
  });
});

describe("a provided credential", () => {
  it("is replaced by configuration, and is not in Helm's history", async () => {
    const sandbox = await testSandbox();
    const clouds = new SandboxClouds(sandbox);
    const cluster = new Cluster(sandbox);
    const name = "rotation-brought";
    const grants = [{ zone: "example-test", role: "roles/dns.admin" }];
    const keys = [
      await clouds.googleKey("brought-first", grants),
      await clouds.googleKey("brought-second", grants),
    ];
    const workspace = await Workspace.create(sandbox, name, name, {
      challenge: "dns-01",
      namespace: name,
      releaseName: `${name}-provider`,
      timeout: "60",
    });
    const set = (...args: readonly string[]) =>
      workspace.succeed("config", "set", "-s", name, "--path", ...args);
    await set("dns.provider", "googleCloud");
    await set("dns.project", "sandbox-project");
    await set("dns.zone", "example-test");
    const readable = new Readable(sandbox, cluster, name);
    const pods = new Set<string | undefined>();
    for (const key of keys) {
      await set("--secret", "dns.serviceAccountKey", "--", key);
      readable.add("output", (await workspace.up("--diff")).output);
      const secret = { namespace: name, name: `${name}-provider-gcp-dns` };
      const { data } = await cluster.core.readNamespacedSecret(secret);
      assert.deepEqual(data, { "service-account.json": Buffer.from(key).toString("base64") });
      pods.add((await cluster.pod(name, `${name}-provider-0`))?.metadata?.uid);
    }
    assert.equal(pods.size, 2, "the pod was not replaced");
    await readable.addAll(workspace);
    readable.assertWithout(keys);
    await workspace.destroy();
  });
});

interface EngineEvent {
  readonly resourcePreEvent?: {
    readonly planning?: boolean;
    readonly metadata: { readonly op: string; readonly urn: string };
  };
}

/** The engine's operations in order, without unchanged resources. */
function steps(eventLog: string): string[] {
  return readFileSync(eventLog, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as EngineEvent).resourcePreEvent)
    .filter((event) => event !== undefined && event.planning !== true)
    .map((event) => event?.metadata)
    .filter((metadata) => metadata !== undefined)
    .filter(({ op }) => !["same", "replace", "read"].includes(op))
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`);
}
