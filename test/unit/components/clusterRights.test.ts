import assert from "node:assert/strict";
import type { V1ResourceAttributes } from "@kubernetes/client-node";
import { RunError } from "@pulumi/pulumi";
import { releaseNames } from "../../../chart/release.ts";
import { grantCommands, refuseMissingRights } from "../../../components/clusterRights.ts";
import { ClusterUnreachable } from "../../../lib/clusterFailure.ts";
import { FakeCluster } from "../../support/fakeCluster.ts";
import { runProgram } from "../../support/mocks.ts";

const namespace = "akash-services";
const names = releaseNames("akash-provider");
const release = { namespace, names };

/** A cluster in which whoever asks may do what this says. */
function clusterWith(
  allows: (attributes: V1ResourceAttributes) => boolean | Error,
  { installed = true, user = "jane" } = {},
) {
  const fake = new FakeCluster();
  if (installed) {
    fake.statefulSets.set(`${namespace}/${names.fullname}`, {});
  }
  const asked: V1ResourceAttributes[] = [];
  const access = {
    server: "https://cluster.test",
    allows: (attributes: V1ResourceAttributes) => {
      asked.push(attributes);
      const answer = allows(attributes);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    user: () => Promise.resolve(user),
  };
  const cluster = Object.assign(fake.cluster(), { access: () => Promise.resolve(access) });
  return { cluster, asked };
}

const isAnything = ({ verb }: V1ResourceAttributes) => verb === "*";

async function refusal(answer: Promise<void>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    assert(error instanceof RunError, String(error));
    return error.message;
  }
  return assert.fail("not refused");
}

describe("rights in the cluster", () => {
  before(() => runProgram("my stack", () => ({})));

  it("are asked about once where anything is allowed", async () => {
    const { cluster, asked } = clusterWith(() => true);
    await refuseMissingRights(cluster, release);
    await refuseMissingRights(cluster, release);
    assert.equal(asked.length, 1);
  });

  it("are not those of the first install where the release is there", async () => {
    const { cluster, asked } = clusterWith((one) => !isAnything(one));
    await refuseMissingRights(cluster, release);
    assert(asked.length > 30);
    assert(!asked.some(({ verb }) => verb === "bind"));
    const { cluster: empty, asked: more } = clusterWith((one) => !isAnything(one), {
      installed: false,
    });
    await refuseMissingRights(empty, release);
    assert(more.some(({ verb, name }) => verb === "bind" && name === "cluster-admin"));
  });

  it("are those of the first install, too, for whoever may not even look, who is told what those are for", async () => {
    const { cluster } = clusterWith(() => false);
    const statefulSets = {
      readNamespacedStatefulSet: () => Promise.reject(new Error("forbidden")),
    };
    const blind = Object.assign(cluster, { appsApi: () => Promise.resolve(statefulSets) });
    const text = await refusal(refuseMissingRights(blind, release));
    assert.match(text, /bind on clusterroles\.rbac\.authorization\.k8s\.io cluster-admin/);
    for (const command of grantCommands(release, "install", "jane")) {
      assert(text.includes(`\n      ${command}\n`), command);
    }
    assert.match(text, /\nIf the provider is deployed already, omit the commands with install: /);
  });

  it("are told together, with who lacks them and the commands", async () => {
    const { cluster } = clusterWith(
      (one) =>
        !isAnything(one) &&
        !(one.resource === "secrets" && ["get", "patch"].includes(one.verb ?? "")) &&
        one.subresource !== "log" &&
        one.resource !== "clusterrolebindings",
    );
    const text = await refusal(refuseMissingRights(cluster, release));
    assert(
      text.startsWith(
        "The identity that runs Pulumi (jane) lacks permissions in the cluster https://cluster.test: in the namespace akash-services " +
          "get, patch on secrets; get on pods/log; in the whole cluster get on clusterrolebindings.rbac.authorization.k8s.io akash-provider-admin. ",
      ),
      text,
    );
    for (const command of grantCommands(release, "change", "jane")) {
      assert(text.includes(`\n      ${command}\n`), command);
    }
    assert(text.endsWith("Nothing was changed. After the fix, run: pulumi up -s 'my stack'"), text);
  });

  it("are asked about the way to port 80 where it is known, and another version of the chart", async () => {
    const lackOf = async (resource: string, more: object, task?: "upgradeChart") => {
      const { cluster } = clusterWith(
        (one) => !isAnything(one) && !(one.resource === resource && one.verb === "patch"),
      );
      return refuseMissingRights(cluster, { ...release, ...more }, task);
    };
    await lackOf("ingresses", { mode: "gateway-api" });
    assert.match(
      await refusal(lackOf("ingresses", { mode: "ingress" })),
      /: in the namespace akash-services patch on ingresses\.networking\.k8s\.io\. /,
    );
    await lackOf("storageclasses", {});
    assert.match(
      await refusal(lackOf("storageclasses", {}, "upgradeChart")),
      /patch on storageclasses\.storage\.k8s\.io akash-provider-local-storage/,
    );
  });

  it("are left to the attempt where the cluster does not answer or tell", async () => {
    for (const error of [new ClusterUnreachable("away"), new Error("forbidden")]) {
      const { cluster } = clusterWith(() => error);
      await refuseMissingRights(cluster, release);
    }
  });

  it("are given by commands that take every name of a user as one word, each user with bindings of its own", () => {
    const strange = String.raw`CORP\jane "j" o'hara: $HOME`;
    const [, binding = ""] = grantCommands(release, "change", strange);
    assert(binding.includes(String.raw` --user='CORP\jane "j" o'\''hara: $HOME' `), binding);
    const bindingOf = (user: string) =>
      /create rolebinding (\S+)/.exec(grantCommands(release, "change", user).join("\n"))?.[1];
    assert.notEqual(bindingOf("jane"), bindingOf("joe"));
    assert.match(grantCommands(release, "change").join("\n"), / --user='USER' /);
    assert.match(grantCommands(release, "install", "jane")[0] ?? "", /install-rights\.yaml/);
  });
});
