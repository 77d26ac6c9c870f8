import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repairsVersion } from "../../../chart/parameters.ts";
import type { KubernetesObject } from "../../../chart/manifest.ts";
import { chartVersion } from "../../../doctor/checks/chartVersion.ts";
import { differences } from "../../../doctor/checks/differences.ts";
import { drift } from "../../../doctor/checks/drift.ts";
import { pod } from "../../../doctor/checks/pod.ts";
import { renewalRetry } from "../../../doctor/checks/renewalRetry.ts";
import { releaseStatus } from "../../../doctor/checks/releaseStatus.ts";
import { walletSecret } from "../../../doctor/checks/walletSecret.ts";
import { configuredTimeout } from "../../../doctor/configuredTimeout.ts";
import { troubles } from "../../../doctor/troubleshooting.ts";
import { chartManifest } from "../../support/manifest.ts";
import { context, daysFromNow, findings, ids, wallet, type Changes } from "./context.ts";

describe("doctor, the release", () => {
  for (const check of [releaseStatus, chartVersion, renewalRetry, pod, drift]) {
    it(`reports nothing for ${check.id} if all is well`, async () => {
      assert.deepEqual(await findings(check), []);
    });
  }

  it("detects a release that is missing, pending, failed or of another revision", async () => {
    const none = { cluster: { revisions: () => Promise.resolve([]) } };
    assert.deepEqual(await ids(releaseStatus, none), ["release-missing"]);
    const failed = { later: [{ status: "failed", description: "timed out" }] };
    const [finding] = await findings(releaseStatus, failed);
    assert.equal(finding?.id, "release-failed");
    assert.equal(finding.seen, "revision 4, failed: timed out");
    assert.deepEqual(await ids(releaseStatus, { expected: { revision: 2 } }), [
      "release-changed-elsewhere",
    ]);
  });

  it("gives the command that deletes a pending revision once its operation must have ended", async () => {
    const deletion =
      "kubectl -n akash-services delete secret -l 'owner=helm, name=akash-provider, version=4, status in (pending-install, pending-upgrade, pending-rollback)'";
    const command = async (minutes: number) => {
      const markedAt = daysFromNow(-minutes / (24 * 60));
      const [finding] = await findings(releaseStatus, {
        later: [{ status: "pending-upgrade", markedAt }],
      });
      assert.equal(finding?.id, "release-pending");
      return finding.command;
    };
    assert.equal(await command(10), `sleep 30 && ${deletion}`);
    assert.equal(await command(11), deletion);

    const [first] = await findings(releaseStatus, {
      revision: { number: 1, status: "pending-install" },
    });
    assert.match(
      first?.command ?? "",
      /version=1, .*' && pulumi refresh .* && .*pulumi up -s prod$/,
    );
  });

  it("reads the timeout of an operation since the last update from the stack's file", () => {
    const directory = mkdtempSync(join(tmpdir(), "doctor-"));
    const stack = "organization/home/prod";
    try {
      assert.equal(configuredTimeout(directory, stack), undefined);
      writeFileSync(join(directory, "Pulumi.yaml"), "name: home\nstackConfigDir: stacks\n");
      assert.equal(configuredTimeout(directory, stack), 600);
      mkdirSync(join(directory, "stacks"));
      for (const [text, timeout] of [
        ['config: { "home:timeout": "1800" }', 1800],
        ["config: { home:timeout: 1800 }", 1800],
        ["config: { home:timeout: soon }", undefined],
        ["config: {", undefined],
      ] as const) {
        writeFileSync(join(directory, "stacks", "Pulumi.prod.yaml"), text);
        assert.equal(configuredTimeout(directory, stack), timeout, text);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("refers the README's reader to the doctor for a pending revision, since the doctor knows the wait", () => {
    const row = troubles.find(({ sign }) => sign === "The release's last revision is pending");
    assert.equal(row?.remedy, "`npm run doctor -- -s prod`");
  });

  it("checks the chart's version against the table of repairs", async () => {
    const of = (version: string) => ids(chartVersion, { revision: { chartVersion: version } });
    assert.deepEqual(await of("12.1.2"), ["chart-unsupported"]);
    assert.deepEqual(await of("19.0.2+sandbox"), []);
    assert.deepEqual(await of("20.0.0"), ["chart-untried"]);
  });

  it("detects a release without the repairs, or with another version of them", async () => {
    const manifest = chartManifest().replace(`"repairs":"${repairsVersion}"`, '"repairs":"0"');
    assert.notEqual(manifest, chartManifest());
    assert.deepEqual(await ids(chartVersion, { revision: { manifest } }), ["chart-unrepaired"]);
    const plain = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
    const [finding] = await findings(chartVersion, { revision: { manifest: plain } });
    assert.equal(finding?.seen, "none");
  });

  it("detects a release, a StatefulSet and a pod whose probe does not retry a renewal", async () => {
    const rows = async (changes: Changes) =>
      (await findings(renewalRetry, changes)).map(({ id, seen, command }) => [id, seen, command]);
    const id = "renewal-retry-missing";
    assert.deepEqual(await rows({ revision: { manifest: chartManifest() } }), [
      [id, "a release without the check", "pulumi up -s prod --refresh"],
    ]);
    const { live } = context().cluster;
    const plain = (text: string) =>
      JSON.parse(text.replaceAll("renewal_retry.sh", "other.sh")) as KubernetesObject;
    const [set] = await rows({
      cluster: { live: async (object) => plain(JSON.stringify((await live(object)) ?? {})) },
    });
    assert.deepEqual(set?.slice(0, 2), [id, "a StatefulSet without the check"]);
    const older = await withPod((present) => plain(JSON.stringify(present)));
    const [found] = await rows(older);
    assert.deepEqual(found?.slice(0, 2), [id, "a pod without the check"]);
    assert.match(found?.[2] ?? "", /delete pod akash-provider-0/);
    assert.deepEqual(await rows({ cluster: { pod: () => Promise.resolve(undefined) } }), []);
  });

  it("gives the command that reverts the differences, for each field", async () => {
    const { live } = context().cluster;
    interface Set {
      readonly spec: {
        readonly template: { readonly spec: { readonly containers: [{ env: object[] }] } };
      };
    }
    const commandOf = async (change: (set: Set) => object) => {
      const found = await findings(drift, {
        cluster: {
          live: async (object) => {
            const present = await live(object);
            return object.kind === "StatefulSet"
              ? (change(structuredClone(present) as object as Set) as KubernetesObject)
              : present;
          },
        },
      });
      assert.equal(found.length, 1);
      return { seen: found[0]?.seen ?? "", command: found[0]?.command ?? "" };
    };
    const apply = /helm .* get manifest .* \| kubectl .* apply -f -$/;
    const variable = { name: "AKASH_X", value: "1" };
    const added = await commandOf((set) => {
      set.spec.template.spec.containers[0].env.push(variable);
      return set;
    });
    assert.equal(
      added.seen,
      `spec.template.spec.containers[provider].env[AKASH_X] ${JSON.stringify(variable)}`,
    );
    const patch = (index: number) =>
      `kubectl -n akash-services patch statefulset akash-provider --type=json -p '[{"op":"test","path":"/spec/template/spec/containers/0/env/${index}/name","value":"AKASH_X"},{"op":"remove","path":"/spec/template/spec/containers/0/env/${index}"}]'`;
    const last = Number(/env\/(\d+)/.exec(added.command)?.[1]);
    assert.equal(added.command, patch(last));
    const both = await commandOf((set) => {
      set.spec.template.spec.containers[0].env.push(variable);
      Object.assign(set.spec.template.spec.containers[0].env[0] ?? {}, { value: "other" });
      return set;
    });
    assert(both.command.startsWith(`${patch(last)} && helm `), both.command);
    assert.match(both.command, apply);
    const changed = await commandOf((set) => {
      Object.assign(set.spec.template.spec.containers[0].env[0] ?? {}, { value: "other" });
      return set;
    });
    assert.match(changed.command, /^helm /);
  });

  it("recreates an object with a changed immutable field", async () => {
    const set = (spec: object) => ({ kind: "StatefulSet", metadata: { name: "provider" }, spec });
    const claim = { metadata: { name: "home" } };
    const [finding] = await findings(drift, {
      revision: { manifest: JSON.stringify(set({ volumeClaimTemplates: [claim] })) },
      cluster: { live: () => Promise.resolve(set({})) },
    });
    assert.match(
      finding?.command ?? "",
      /^kubectl -n akash-services delete statefulset provider --cascade=orphan --ignore-not-found && helm .* apply -f - && kubectl -n akash-services delete pod provider-0 --wait=false --ignore-not-found$/,
    );
  });

  async function withPod(change: (pod: Pod) => Pod): Promise<Changes> {
    const present = await context().cluster.pod();
    assert(present);
    return { cluster: { pod: () => Promise.resolve(change(present)) } };
  }

  it("detects a pod that is missing or not ready, and reports what it waits for", async () => {
    const none = { cluster: { pod: () => Promise.resolve(undefined) } };
    assert.deepEqual(await ids(pod, none), ["pod-missing"]);
    const crashing = await withPod((present) => ({
      ...present,
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: "False" }],
        containerStatuses: [
          {
            ...container,
            restartCount: 7,
            state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s" } },
            lastState: {
              terminated: { exitCode: 1, reason: "Error", finishedAt: daysFromNow(-0.01) },
            },
          },
        ],
      },
    }));
    const [notReady, restarted, ...others] = await findings(pod, crashing);
    assert.deepEqual(others, []);
    assert.equal(notReady?.seen, "Running: CrashLoopBackOff: back-off 5m0s");
    assert.match(
      restarted?.seen ?? "",
      /^7 restarts; last termination: Error \(exit code 1\) at 2026/,
    );
  });

  it("ignores an old restart", async () => {
    const changes = await withPod((present) => ({
      ...present,
      status: {
        ...present.status,
        containerStatuses: [
          {
            ...container,
            restartCount: 2,
            lastState: { terminated: { exitCode: 0, finishedAt: daysFromNow(-3) } },
          },
        ],
      },
    }));
    assert.deepEqual(await ids(pod, changes), []);
  });

  it("detects a pod with older settings", async () => {
    const changes = await withPod((present) => ({
      ...present,
      metadata: { ...present.metadata, annotations: { "checksum/cm-letsencrypt": "old" } },
    }));
    assert.deepEqual(await ids(pod, changes), ["pod-outdated"]);
  });

  it("detects each differing field of an object, and each missing object", async () => {
    const { live } = context().cluster;
    const found = await findings(drift, {
      cluster: {
        live: async (object) => {
          if (object.kind === "Service") {
            return undefined;
          }
          const present = await live(object);
          return object.metadata?.name === "akash-provider-main"
            ? { ...present, data: { AKASH_BID_PRICE_CPU_SCALE: "9" } }
            : present;
        },
      },
    });
    assert.deepEqual(
      found.map(({ id, subject, seen }) => [id, subject, seen]),
      [
        ["object-changed", "ConfigMap/akash-provider-main", 'data.AKASH_BID_PRICE_CPU_SCALE "9"'],
        ["object-missing", "Service/akash-provider", "missing"],
      ],
    );
  });
});

describe("doctor, the wallet's Secret", () => {
  const holding = (entries: Readonly<Record<string, string>>, changedAt?: Date): Changes => ({
    cluster: { walletSecret: () => Promise.resolve({ name: "keys", entries, changedAt }) },
  });
  const restored =
    "pulumi refresh -s prod --run-program && PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up -s prod";

  it("contains the stack's wallet", async () => {
    assert.deepEqual(await findings(walletSecret), []);
  });

  it("is reported as missing, also if an entry is missing", async () => {
    for (const [changes, seen] of [
      [{ cluster: { walletSecret: () => Promise.resolve(undefined) } }, "no such Secret"],
      [holding({ "key.txt": "armour" }), "entries key.txt"],
    ] as const) {
      const [finding, ...others] = await findings(walletSecret, changes);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [finding?.id, finding?.severity, finding?.seen, finding?.command],
        ["wallet-missing", "error", seen, restored],
      );
    }
  });

  it("contains another wallet, of which nothing is shown", async () => {
    const other = { ...wallet, "key-pass.txt": "of-somebody" };
    const [finding] = await findings(walletSecret, holding(other));
    assert.equal(finding?.id, "wallet-another");
    assert.match(finding.seen, /^digest [\da-f]{16}$/);
    assert.doesNotMatch(JSON.stringify(finding), /of-somebody|armour/);
    assert.equal(finding.command, restored);
  });

  it("is restored also in a pod that has started with another one", async () => {
    const other = holding({ ...wallet, "key.txt": "other" }, daysFromNow(-1));
    const pod = await context().cluster.pod();
    const commandAt = async (days: number) => {
      const startTime = daysFromNow(days);
      const started = { ...pod, status: { ...pod?.status, startTime } };
      const cluster = { ...other.cluster, pod: () => Promise.resolve(started) };
      return (await findings(walletSecret, { cluster }))[0]?.command;
    };
    assert.equal(await commandAt(-2), restored);
    assert.equal(
      await commandAt(-0.5),
      `${restored} && kubectl -n akash-services delete pod akash-provider-0 --wait=false`,
    );
  });
});

type Pod = NonNullable<Awaited<ReturnType<ReturnType<typeof context>["cluster"]["pod"]>>>;

/** A list of items with only these names. */
const named = (...names: readonly string[]) => ({ a: names.map((name) => ({ name })) });

const container = { name: "provider", ready: false, image: "", imageID: "" };

describe("differences of an object", () => {
  const cases: readonly (readonly [string, unknown, unknown, readonly string[]])[] = [
    ["fields that the API server adds", { a: 1 }, { a: 1, b: 2, status: {} }, []],
    ["empty fields that it removes", { a: "", b: null, c: {}, d: [] }, {}, []],
    ["fields that the chart leaves to other managers", { a: null }, { a: { b: 1 } }, []],
    ["a value", { a: { b: 1 } }, { a: { b: 2 } }, ["a.b"]],
    ["a missing field", { a: { b: 1 } }, { a: {} }, ["a.b"]],
    ["an item", { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, ["a[1].b"]],
    ["an added item", { a: [1] }, { a: [1, 2] }, ["a"]],
    ["an added named item", named("x", "y"), named("x", "z", "y"), ["a[z]"]],
    ["a missing named item", named("x", "y"), named("y"), ["a[x]"]],
    ["the order of named items", named("x", "y"), named("y", "x"), []],
    [
      "a field of a named item",
      { a: [{ name: "x", value: "1" }] },
      { a: [{ name: "y" }, { name: "x", value: "2" }] },
      ["a[x].value", "a[y]"],
    ],
    [
      "another notation of a quantity",
      { x: { limits: { cpu: "1000m", memory: "2048Mi" } } },
      { x: { limits: { cpu: "1", memory: "2Gi" } } },
      [],
    ],
    [
      "another quantity",
      { x: { limits: { cpu: "1000m" } } },
      { x: { limits: { cpu: "2" } } },
      ["x.limits.cpu"],
    ],
  ];
  for (const [what, applied, live, paths] of cases) {
    it(paths.length === 0 ? `are none for ${what}` : `show ${what}`, () => {
      assert.deepEqual(
        differences(applied, live).map(({ path }) => path),
        paths,
      );
    });
  }
});
