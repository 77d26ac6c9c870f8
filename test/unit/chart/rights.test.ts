import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import {
  chartUpgradeRights,
  dailyRights,
  readRights,
  installRights,
  type Right,
} from "../../../chart/rights.ts";
import { releaseNames } from "../../../chart/release.ts";
import { ingressReadRights, ingressRights } from "../../../components/ingressCertificate/rights.ts";

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** The objects of a file of docs/kubernetes, for a release. */
function documented(file: string, namespace: string, fullname: string): readonly Role[] {
  const text = readFileSync(`docs/kubernetes/${file}`, "utf8")
    .replaceAll("NAMESPACE", namespace)
    .replaceAll("FULLNAME", fullname)
    .replaceAll("SECRET", "my-secret");
  return parseAllDocuments(text).map((document) => document.toJS() as Role);
}

function rules(rights: readonly Right[]): Role["rules"] {
  return rights.map(({ group, resources, names, verbs }) => ({
    apiGroups: [group],
    resources,
    ...(names !== undefined && { resourceNames: names }),
    verbs,
  }));
}

describe("the documented permissions in a cluster", () => {
  const namespace = "my-namespace";
  const names = releaseNames("my-release");
  const { fullname } = names;

  it("are those that the program checks for an installed release", () => {
    const { namespaced, cluster } = dailyRights(names, namespace);
    const [role, clusterRole, ...others] = documented("rights.yaml", namespace, fullname);
    assert.deepEqual(others, []);
    assert.deepEqual(role?.metadata, { name: `${fullname}-pulumi`, namespace });
    assert.deepEqual(role.rules, rules([...namespaced, ...readRights.namespaced]));
    assert.deepEqual(clusterRole?.metadata, { name: `${namespace}-${fullname}-pulumi` });
    assert.deepEqual(
      clusterRole.rules,
      rules([...cluster, ...chartUpgradeRights(names).cluster, ...readRights.cluster]),
    );
  });

  it("are those that the program checks before the first install", () => {
    const [, clusterRole, ...others] = documented("install-rights.yaml", namespace, fullname);
    assert.deepEqual(others, []);
    assert.deepEqual(clusterRole?.metadata, { name: `${namespace}-${fullname}-install` });
    assert.deepEqual(clusterRole.rules, rules(installRights(names, namespace).cluster));
  });

  it("are those that the program checks for the wildcard certificate", () => {
    const [, role, clusterRole, ...others] = documented("wildcard-rights.yaml", namespace, "");
    assert.deepEqual(others, []);
    const asked = ingressRights(namespace);
    assert.deepEqual(role?.metadata, { name: "wildcard-pulumi", namespace });
    assert.deepEqual(
      role.rules,
      rules([...asked.namespaced, ...ingressReadRights("my-secret").namespaced]),
    );
    assert.deepEqual(clusterRole?.metadata, { name: `${namespace}-wildcard-pulumi` });
    assert.deepEqual(clusterRole.rules, rules(asked.cluster));
  });

  it("have different names for each release, so that no release overwrites another's", () => {
    const all = [
      [namespace, "a-provider"],
      [namespace, "b-provider"],
      ["other", "a-provider"],
    ].flatMap(([place = "", name = ""]) =>
      ["rights.yaml", "install-rights.yaml"].flatMap((file) =>
        documented(file, place, name)
          .filter(({ kind }) => kind !== "Namespace")
          .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""} ${metadata.name}`),
      ),
    );
    assert.equal(new Set(all).size, all.length, all.join("\n"));
  });
});
