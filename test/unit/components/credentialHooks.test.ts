import assert from "node:assert/strict";
import type { V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { consumerState } from "../../../components/dnsCredential/consumerState.ts";
import {
  credentialHooks,
  idOnceOrphansAreRemoved,
  possibleHook,
} from "../../../components/dnsCredential/hooks.ts";
import {
  credentialDeleteHook,
  proofHooks,
  providerConsumer,
  type Cluster,
  type CredentialConsumer,
  type DnsCredential,
} from "../../../components/index.ts";
import { goneVariable } from "../../../components/goneCluster.ts";
import { resolved } from "../../../components/resolved.ts";
import { digestOf } from "../../../dns/credential.ts";
import { ClusterFailure, ClusterUnreachable } from "../../../lib/clusterFailure.ts";
import { connectionTo } from "../../../lib/kubeconfig.ts";
import { coreApi } from "../../../lib/kubernetesApi.ts";
import { ACCOUNT_ID, makeToken } from "../../../sandbox/test/emulators/cloudflareSupport.ts";
import { Clouds } from "../../../sandbox/test/emulators/support.ts";
import { FakeCluster } from "../../support/fakeCluster.ts";
import { lastRun, runProgram } from "../../support/mocks.ts";
import { FakeCloud } from "../../support/rotation.ts";
import { warningsOf } from "../../support/warnings.ts";

const annotation = (name: string) => `akash-provider-letsencrypt/${name}`;
const consumer = providerConsumer({ dnsProvider: "googleCloud" });
const secretName = "akash-services/akash-provider-gcp-dns";
const podName = "akash-services/akash-provider-0";

describe("the hooks of a credential", () => {
  let kubernetes: FakeCluster;

  beforeEach(async () => {
    kubernetes = new FakeCluster();
    await asRun("up");
  });

  /** Sets the SDK's kind of run. */
  async function asRun(kind: "preview" | "up"): Promise<void> {
    await runProgram("home", () => ({}), kind === "preview");
  }

  function protection(...consumers: readonly CredentialConsumer[]) {
    return { cluster: kubernetes.cluster(), consumers: [consumer, ...consumers] };
  }

  /** The credential in the Secret and in the pod. */
  function inUse(content: string, id: string): void {
    kubernetes.setSecret(secretName, {
      annotations: {
        [annotation("credential-digest")]: digestOf(content),
        [annotation("credential-id")]: id,
      },
    });
    kubernetes.setPod(podName, { "checksum/dns-credential": digestOf(content) });
  }

  /** The only hook of a kind. */
  function only(hooks: pulumi.ResourceHookBinding, moment: keyof pulumi.ResourceHookBinding) {
    const [hook, ...others] = hooks[moment] ?? [];
    assert.deepEqual(others, []);
    assert(hook instanceof pulumi.ResourceHook);
    return hook;
  }

  /** Calls a hook as the engine does. */
  async function call(
    { callback }: pulumi.ResourceHook,
    args: Partial<pulumi.ResourceHookArgs> = {},
  ): Promise<void> {
    await callback({
      ...{ urn: "urn:pulumi:home::p::t::dns-key", name: "dns-key" },
      ...{ id: "", type: "", ...args },
    });
  }

  const stillRuns = {
    message:
      "The credential was not deleted: the pod akash-provider-0 still uses it. Once the pod uses the new one, delete the old one with: pulumi up -s home",
  };

  describe("read a consumer, and", () => {
    const state = (of: CredentialConsumer = consumer) => consumerState(kubernetes.cluster(), of);

    it("read the annotations of its Secret and the digest of its pod", async () => {
      inUse("content", "key-id");
      assert.equal((await state().annotations())[annotation("credential-id")], "key-id");
      assert.equal((await state().runningPod())?.digest, digestOf("content"));
      assert.deepEqual(kubernetes.calls, [`read ${secretName}`, `read pod ${podName}`]);
    });

    it("find nothing without a Secret, a pod or annotations", async () => {
      const nothing = async () => [
        await state().annotations(),
        (await state().runningPod())?.digest,
      ];
      assert.deepEqual(await nothing(), [{}, undefined]);
      kubernetes.setSecret(secretName, {});
      kubernetes.pods.set(podName, { metadata: {} });
      assert.deepEqual(await nothing(), [{}, undefined]);
    });

    describe("determine the remaining time of its pod, where", () => {
      const statefulSetName = "akash-services/akash-provider";
      const pod = (metadata: V1ObjectMeta, gracePeriod?: number) => {
        kubernetes.pods.set(podName, {
          metadata: {
            ownerReferences: [
              { apiVersion: "apps/v1", kind: "StatefulSet", name: "akash-provider", uid: "one" },
            ],
            ...metadata,
          },
          spec: {
            containers: [],
            ...(gracePeriod !== undefined && { terminationGracePeriodSeconds: gracePeriod }),
          },
        });
      };
      const secondsToEnd = async () => (await state().runningPod())?.secondsToEnd();

      it("the pod is deleted: the grace period of the deletion", async () => {
        pod({ deletionTimestamp: new Date(), deletionGracePeriodSeconds: 7 });
        assert.equal(await secondsToEnd(), 7);
      });

      it("its StatefulSet exists: none, since the pod stays", async () => {
        pod({}, 60);
        kubernetes.statefulSets.set(statefulSetName, { metadata: { uid: "one" } });
        assert.equal(await secondsToEnd(), undefined);
      });

      it("its StatefulSet is gone, is being deleted, or was replaced: the pod's grace period", async () => {
        pod({}, 60);
        assert.equal(await secondsToEnd(), 60);
        for (const metadata of [{ uid: "one", deletionTimestamp: new Date() }, { uid: "two" }]) {
          kubernetes.statefulSets.set(statefulSetName, { metadata });
          assert.equal(await secondsToEnd(), 60);
        }
        pod({});
        assert.equal(await secondsToEnd(), 30, "Kubernetes' default");
      });

      it("no StatefulSet owns it: none, since the pod stays", async () => {
        pod({ ownerReferences: [] });
        assert.equal(await secondsToEnd(), undefined);
      });
    });

    it("request no objects that the consumer does not have", async () => {
      const without = state({ namespace: "akash-services" });
      assert.deepEqual(await without.annotations(), {});
      assert.equal(await without.runningPod(), undefined);
      await without.annotate({ [annotation("next-credential-id")]: "key-id" });
      assert.deepEqual(kubernetes.calls, []);
    });

    it("patch the annotations that they set, and no others", async () => {
      inUse("content", "key-id");
      await state().annotate({ [annotation("next-credential-id")]: "new", "a~b": "c" });
      assert.deepEqual(kubernetes.patches, [
        {
          secret: secretName,
          body: [
            {
              op: "add",
              path: "/metadata/annotations/akash-provider-letsencrypt~1next-credential-id",
              value: "new",
            },
            { op: "add", path: "/metadata/annotations/a~0b", value: "c" },
          ],
        },
      ]);
    });

    it("annotate no missing Secret", async () => {
      await state().annotate({ [annotation("next-credential-id")]: "new" });
      assert.deepEqual(kubernetes.patches, []);
    });

    it("fail if the cluster refuses", async () => {
      kubernetes.failure = 403;
      await assert.rejects(state().annotations(), /403/);
      await assert.rejects(state().runningPod(), /403/);
      await assert.rejects(state().annotate({ a: "b" }), /403/);
    });
  });

  describe("before the creation of its resources at the DNS provider", () => {
    /** How often the check at the DNS provider was called. */
    let cloudAsked: number;

    beforeEach(() => {
      cloudAsked = 0;
    });

    /** The hook in a cluster that is inaccessible, or that responds in this way. */
    function hook(answer?: Error): pulumi.ResourceHook {
      const cluster = kubernetes.cluster();
      const consumers = [consumer];
      const failing =
        answer && Object.assign(cluster, { access: () => Promise.reject<never>(answer) });
      return possibleHook("dns-key", { cluster: failing ?? cluster, consumers }, () => {
        cloudAsked += 1;
        return Promise.resolve();
      });
    }

    const conflict = (): Error => {
      const clusters = [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }];
      const users = [{ name: "u", user: { token: "sentinel", password: "sentinel" } }];
      const contexts = [{ name: "x", context: { cluster: "c", user: "u" } }];
      try {
        const kubeconfig = { clusters, users, contexts, "current-context": "x" };
        connectionTo({ kubeconfig: JSON.stringify(kubeconfig), stack: "home" });
      } catch (error) {
        assert(error instanceof ClusterUnreachable);
        return error;
      }
      return assert.fail("no conflict");
    };

    for (const [what, error, said] of [
      ["does not respond", new ClusterUnreachable("It does not respond"), /^It does not respond\n/],
      ["has a contradictory kubeconfig", conflict(), /both a token and a pass/],
      ["does not know the user", new ClusterFailure(401, "Who asks?"), /^Who asks\?\n/],
      ["is not ready", new ClusterFailure(503, "Its state"), /^Its state\n/],
    ] as const) {
      it(`refuse a cluster that ${what}, and send no request to the DNS provider`, async () => {
        await assert.rejects(call(hook(error)), (refused) => {
          assert(pulumi.RunError.isInstance(refused));
          assert.match(refused.message, said);
          assert.match(
            refused.message,
            /\nNothing was created in the cluster or at the DNS provider\. After the fix, run: pulumi up -s home$/,
          );
          assert.doesNotMatch(refused.message, /sentinel/);
          return true;
        });
        assert.equal(cloudAsked, 0);
        await asRun("preview");
        await call(hook(error));
        assert.equal(cloudAsked, 1, "a preview shows what it can");
      });
    }

    it("continue where the cluster responds, even without reporting permissions", async () => {
      await call(hook());
      await call(hook(new ClusterFailure(403, "forbidden")));
      assert.equal(cloudAsked, 2);
    });
  });

  describe("before its deletion", () => {
    const encoded = (text: string) => Buffer.from(text).toString("base64");
    const keyType = "gcp:serviceaccount/key:Key";
    const tokenTypes = [
      "cloudflare:index/apiToken:ApiToken",
      "cloudflare:index/accountToken:AccountToken",
    ];

    it("are named after the component, so that Pulumi finds them by the state", () => {
      for (const component of ["dns", "another"]) {
        const { name } = credentialDeleteHook(component, protection());
        assert.equal(name, `${component}-credential-delete`);
      }
    });

    it("are registered even if no component has the credential any more", async () => {
      await runProgram("home", async () => {
        const hook = credentialDeleteHook("dns", protection());
        await (hook as unknown as { readonly __registered: Promise<void> }).__registered;
        return {};
      });
      assert.deepEqual(lastRun.hooks, ["dns-credential-delete"]);
    });

    it("refuse a key that the pod uses, whether or not its output is a secret", async () => {
      const hook = credentialDeleteHook("dns", protection());
      inUse("key file", "key-id");
      for (const privateKey of [encoded("key file"), pulumi.secret(encoded("key file"))]) {
        const args = { type: keyType, oldOutputs: { privateKey } };
        await assert.rejects(call(hook, args), stillRuns);
      }
    });

    it("allow the deletion of another key", async () => {
      const hook = credentialDeleteHook("dns", protection());
      inUse("new key file", "key-id");
      const privateKey = pulumi.secret(encoded("key file"));
      await call(hook, { type: keyType, oldOutputs: { privateKey } });
    });

    it("check each consumer", async () => {
      const second = { namespace: "cert-manager", secret: "wildcard" };
      const hook = credentialDeleteHook("dns", protection(second));
      inUse("new key file", "key-id");
      kubernetes.setSecret("cert-manager/wildcard", {
        annotations: { [annotation("credential-digest")]: digestOf("key file") },
      });
      await assert.rejects(
        call(hook, { type: keyType, oldOutputs: { privateKey: encoded("key file") } }),
        {
          message:
            "The credential was not deleted: the Secret wildcard still contains it. Once the Secret contains the new one, delete the old one with: pulumi up -s home",
        },
      );
    });

    it("fail if the cluster does not respond, since the pod may use the credential", async () => {
      const hook = credentialDeleteHook("dns", protection());
      kubernetes.failure = 500;
      const oldOutputs = { privateKey: encoded("key file") };
      await assert.rejects(call(hook, { type: keyType, oldOutputs }), /500/);
    });

    describe("if the cluster does not respond", () => {
      const oldOutputs = { privateKey: encoded("key file") };
      const args = { type: keyType, oldOutputs };
      const { [goneVariable]: before } = process.env;

      beforeEach(() => {
        kubernetes.answers = false;
      });
      afterEach(() => {
        delete process.env[goneVariable];
        Object.assign(process.env, before !== undefined && { [goneVariable]: before });
      });

      it("refuse, with the commands for a cluster that is gone", async () => {
        for (const value of [undefined, "", "false", "1"]) {
          Object.assign(process.env, value !== undefined && { [goneVariable]: value });
          await assert.rejects(call(credentialDeleteHook("dns", protection()), args), {
            message:
              "The cluster does not respond\n" +
              "No credential of the cluster was deleted, since it may be in use. Only if the cluster is gone permanently, destroy the stack with\n" +
              "  PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh -s home --run-program\n" +
              "  PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy -s home --run-program",
          });
        }
      });

      it("allow the deletion, and warn once, if the operator declares the cluster gone", async () => {
        process.env[goneVariable] = "true";
        const hook = credentialDeleteHook("dns", protection());
        const warnings = await warningsOf(async () => {
          await call(hook, args);
        });
        assert.deepEqual(warnings, [
          "The cluster does not respond\nPULUMI_K8S_DELETE_UNREACHABLE confirms that the cluster is gone, so no credential counts as in use there.",
        ]);
      });

      it("do the same if the kubeconfig is gone with the cluster", async () => {
        const cluster = {
          ...kubernetes.cluster(),
          coreApi: () => coreApi({ kubeconfig: "/no/such/k3s.yaml", stack: "home" }),
        } as Cluster;
        const hook = () => credentialDeleteHook("dns", { ...protection(), cluster });
        await assert.rejects(call(hook(), args), {
          message:
            /^The kubeconfig cannot be read \(\/no\/such\/k3s\.yaml does not exist\)[^]*\n {2}PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy -s home --run-program$/,
        });
        process.env[goneVariable] = "true";
        const warnings = await warningsOf(async () => {
          await call(hook(), args);
        });
        assert.match(warnings.join("\n"), /confirms that the cluster is gone/);
      });

      it("fail if a cluster refuses, even if the operator declares the cluster gone", async () => {
        process.env[goneVariable] = "true";
        kubernetes.answers = true;
        kubernetes.failure = 403;
        await assert.rejects(call(credentialDeleteHook("dns", protection()), args), /403/);
      });
    });

    it("allow the deletion of a credential without a text in the state, such as an imported one", async () => {
      const hook = credentialDeleteHook("dns", protection());
      inUse("key file", "key-id");
      for (const oldOutputs of [undefined, {}, { privateKey: null }]) {
        await call(hook, { type: keyType, oldOutputs: oldOutputs as Record<string, unknown> });
      }
    });

    it("ignore a resource of another type", async () => {
      const hook = credentialDeleteHook("dns", protection());
      inUse("key file", "key-id");
      const oldOutputs = { privateKey: encoded("key file"), value: "key file" };
      for (const type of ["gcp:serviceaccount/account:Account", "cloudflare:index/zone:Zone", ""]) {
        await call(hook, { type, oldOutputs });
      }
      assert.deepEqual(kubernetes.calls, []);
    });

    describe("at Cloudflare", () => {
      let clouds: Clouds;

      beforeEach(async () => {
        clouds = await Clouds.seeded();
      });
      afterEach(() => clouds.close());

      function deleteHook(): pulumi.ResourceHook {
        const { cloudflareAdminToken: apiToken, cloudflareUrl: endpoint } = clouds.running;
        const access = { googleCloud: {}, cloudflare: { apiToken, endpoint } };
        return credentialDeleteHook("dns", { ...protection(), access });
      }

      async function isThere(path: string): Promise<boolean> {
        return (await clouds.cloudflare("GET", path)).status === 200;
      }

      for (const [type, prefix, oldInputs] of [
        [tokenTypes[0] ?? "", "/user/tokens", {}],
        [tokenTypes[1] ?? "", `/accounts/${ACCOUNT_ID}/tokens`, { accountId: ACCOUNT_ID }],
      ] as const) {
        it(`delete a token of type ${type} instead of the plugin, even if it no longer exists`, async () => {
          const { id } = await makeToken(clouds, undefined, undefined, undefined, prefix);
          const path = `${prefix}/${id}`;
          inUse("new token", "new");
          const args = { id, type, oldInputs, oldOutputs: { value: pulumi.secret("token") } };
          assert(await isThere(path));
          await call(deleteHook(), args);
          assert(!(await isThere(path)), "it is still there");
          await call(deleteHook(), args);
        });

        it(`refuse a token of type ${type} that the pod uses, and keep it`, async () => {
          const { id } = await makeToken(clouds, undefined, undefined, undefined, prefix);
          inUse("token", "old");
          for (const value of ["token", pulumi.secret("token")]) {
            const args = { id, type, oldInputs, oldOutputs: { value } };
            await assert.rejects(call(deleteHook(), args), stillRuns);
          }
          assert(await isThere(`${prefix}/${id}`));
        });
      }

      it("delete a token that has no text in the state", async () => {
        const { id } = await makeToken(clouds);
        inUse("token", "old");
        await call(deleteHook(), { id, type: tokenTypes[0] ?? "", oldOutputs: { value: null } });
        assert(!(await isThere(`/user/tokens/${id}`)));
      });

      it("delete neither Google's key, which the plugin deletes, nor a resource of another type", async () => {
        const { id } = await makeToken(clouds);
        inUse("new", "new");
        for (const type of [keyType, "cloudflare:index/zone:Zone"]) {
          const oldOutputs = { privateKey: encoded("old"), value: "old" };
          await call(deleteHook(), { id, type, oldOutputs });
        }
        assert(await isThere(`/user/tokens/${id}`));
      });
    });
  });

  describe("before and after its creation", () => {
    function hooksOf(component: string, cloud: FakeCloud) {
      const beforeDelete = credentialDeleteHook(component, protection());
      const hooks = credentialHooks(
        component,
        protection(),
        () => Promise.resolve(cloud),
        beforeDelete,
      );
      return { hooks, beforeDelete };
    }

    it("are named after the component", () => {
      for (const component of ["dns", "another"]) {
        const { hooks, beforeDelete } = hooksOf(component, new FakeCloud());
        assert.equal(only(hooks, "beforeCreate").name, `${component}-credential-create`);
        assert.equal(only(hooks, "afterCreate").name, `${component}-credential-created`);
        assert.equal(only(hooks, "beforeDelete"), beforeDelete);
        assert.equal(hooks.beforeUpdate, undefined);
      }
    });

    it("delete orphans before, with the current inventory", async () => {
      const cloud = new FakeCloud("old", "orphan");
      const { hooks } = hooksOf("dns", cloud);
      inUse("content", "old");
      await warningsOf(() => call(only(hooks, "beforeCreate")));
      assert.deepEqual(cloud.ids, ["old"]);
    });

    it("fail before, if the cluster does not respond, and delete nothing", async () => {
      const cloud = new FakeCloud("old", "orphan");
      const { hooks } = hooksOf("dns", cloud);
      kubernetes.failure = 500;
      await assert.rejects(call(only(hooks, "beforeCreate")), /500/);
      assert.deepEqual(cloud.removed, []);
    });

    it("record the new id after, in the DNS provider's form", async () => {
      const { hooks } = hooksOf("dns", new FakeCloud());
      inUse("content", "old");
      await call(only(hooks, "afterCreate"), { id: "projects/p/serviceAccounts/s/keys/new" });
      assert.deepEqual(
        kubernetes.patches.map(({ secret, body }) => [secret, body]),
        [
          [
            secretName,
            [
              ["next-credential-id", "new"],
              ["previous-credential-id", "old"],
            ].map(([name, value]) => ({
              op: "add",
              path: `/metadata/annotations/akash-provider-letsencrypt~1${name}`,
              value,
            })),
          ],
        ],
      );
    });
  });

  describe("do not run without a change, so that an Output", () => {
    const warning = "Could not check for orphan credentials of interrupted runs: ";

    function idAfterOrphans(inventory: () => Promise<FakeCloud>): Promise<string> {
      return resolved(idOnceOrphansAreRemoved(pulumi.output("old"), protection(), inventory));
    }

    it("deletes orphans, and then resolves to the id", async () => {
      const cloud = new FakeCloud("old", "orphan");
      inUse("content", "old");
      const warnings = await warningsOf(async () => {
        assert.equal(await idAfterOrphans(() => Promise.resolve(cloud)), "old");
      });
      assert.deepEqual(cloud.ids, ["old"]);
      assert.deepEqual(warnings, ["Deleted the orphan credential orphan of an interrupted run"]);
    });

    it("checks nothing in a preview", async () => {
      await asRun("preview");
      const cloud = new FakeCloud("old", "orphan");
      inUse("content", "old");
      assert.equal(await idAfterOrphans(() => Promise.resolve(cloud)), "old");
      assert.deepEqual([kubernetes.calls, cloud.removed], [[], []]);
    });

    it("warns, and still resolves to the id, if the cluster does not respond", async () => {
      const cloud = new FakeCloud("old", "orphan");
      kubernetes.failure = 500;
      const warnings = await warningsOf(async () => {
        assert.equal(await idAfterOrphans(() => Promise.resolve(cloud)), "old");
      });
      assert.deepEqual(warnings, [`${warning}HTTP-Code: 500`]);
      assert.deepEqual(cloud.removed, []);
    });

    it("warns if the DNS provider does not respond, or refuses the deletion", async () => {
      inUse("content", "old");
      const unanswered = await warningsOf(() =>
        idAfterOrphans(() => Promise.reject(new Error("no answer"))),
      );
      assert.deepEqual(unanswered, [`${warning}no answer`]);
      const cloud = new FakeCloud("old", "orphan");
      cloud.kept = ["orphan"];
      const kept = await warningsOf(() => idAfterOrphans(() => Promise.resolve(cloud)));
      assert.deepEqual(kept, [`${warning}may not remove orphan`]);
    });
  });

  describe("of its Secret", () => {
    const proven: string[] = [];
    const credential: DnsCredential = {
      dnsProvider: "googleCloud",
      content: undefined,
      environment: {},
      prove: (content) => {
        proven.push(content);
        return content === "wrong" ? Promise.reject(new Error("not proven")) : Promise.resolve();
      },
    };
    const entry = (text: string) => ({ "key.json": Buffer.from(text).toString("base64") });

    it("prove the credential before the Secret is created or updated", async () => {
      const hooks = proofHooks("x-proof", credential, "key.json");
      assert.equal(only(hooks, "beforeCreate"), only(hooks, "beforeUpdate"));
      const hook = only(hooks, "beforeCreate");
      assert.equal(hook.name, "x-proof");
      for (const data of [
        entry("plain"),
        pulumi.secret(entry("secret")),
        { "key.json": pulumi.secret(entry("secret entry")["key.json"]) },
      ]) {
        await call(hook, { newInputs: { data } });
      }
      assert.deepEqual(proven, ["plain", "secret", "secret entry"]);
      await assert.rejects(call(hook, { newInputs: { data: entry("wrong") } }), /not proven/);
    });
  });
});
