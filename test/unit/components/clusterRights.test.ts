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

/** A cluster with these permissions. */
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

describe("permissions in the cluster", () => {
  before(() => runProgram("my stack", () => ({})));

  it("are checked once where everything is allowed", async () => {
    const { cluster, asked } = clusterWith(() => true);
    await refuseMissingRights(cluster, release);
    await refuseMissingRights(cluster, release);
    assert.equal(asked.length, 1);
  });

  it("do not include those of the first install where the release exists", async () => {
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

  it("include those of the first install without the permission to read, with a note on them", async () => {
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

  it("are reported together, with the user and the commands", async () => {
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

  it("include those for a known route to port 80, and for another version of the chart", async () => {
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

  it("are left to the attempt where the cluster does not respond or report them", async () => {
    for (const error of [new ClusterUnreachable("away"), new Error("forbidden")]) {
      const { cluster } = clusterWith(() => error);
      await refuseMissingRights(cluster, release);
    }
  });

  it("are granted by commands that quote the user's name, with separate bindings for each user", () => {
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
