import assert from "node:assert/strict";
import { chartVersion } from "../../../chart/release.ts";
import type { RunningProvider } from "../../../adopt/cluster/runningProvider.ts";
import { outcomeText } from "../../../adopt/outcome.ts";
import { planText, shownCommands, summary } from "../../../adopt/report.ts";
import { preparation } from "./preparation.ts";

const nothing = { settings: {}, secrets: {}, values: {}, dropped: [], problems: [] };

describe("the report of an adoption", () => {
  for (const file of ["guide", "chart-12.1", "google-cloud"]) {
    it(`contains no secret of ${file}.yaml`, () => {
      const prepared = preparation(file);
      const { secrets } = prepared.translation;
      const everything = [
        planText("provider.yaml", prepared),
        outcomeText(prepared, [1, 2]),
        ...shownCommands(prepared),
        JSON.stringify(summary(prepared)),
      ].join("\n");
      assert.doesNotMatch(everything, /SENTINEL|PRIVATE KEY/);
      for (const secret of Object.values(secrets)) {
        assert(!everything.includes(Buffer.from(secret).toString("base64")));
      }
    });
  }

  it("lists first what is taken from the release, then what is accepted and what the next up reverts", () => {
    const text = planText("provider.yaml", {
      ...preparation("guide"),
      accepted: [{ subject: "website", problem: "is not an http(s) URL" }],
      repeated: [{ path: "key", lines: [2, 9] }],
      handSet: [
        { container: "provider", name: "MINE", isKept: true },
        { container: "provider", name: "AKASH_GAS", isKept: false },
      ],
      warnings: ["Look out."],
    });
    const titles = [...text.matchAll(/^(\w[^,;:\n]*).*:$/gm)].map(([, title]) => title);
    assert.deepEqual(titles, [
      "Taken from the release",
      "Settings",
      "Accepted",
      "More than once in the file",
      "Left out",
      "Differences between the file and the release",
      "Set by hand in the pod",
      "Warnings",
    ]);
    assert.match(text, /\n {2}MINE \(container provider\) +the next up keeps it\n/);
    assert.match(
      text,
      /\n {2}AKASH_GAS \(container provider\) +the next up restores the chart's value/,
    );
  });

  it("reports who obtains the tenants' certificate, and how the stack can obtain it", () => {
    const wildcard = {
      namespace: "akash-gateway",
      name: "wildcard-https",
      secretName: "wildcard-ingress-tls",
      dnsNames: ["*.example.com", "*.ingress.example.com"],
      issuer: "ClusterIssuer letsencrypt-prod",
    };
    const text = (more: object) =>
      planText("provider.yaml", {
        ...preparation("guide"),
        wildcards: [{ ...wildcard, ...more }],
      });
    assert.match(
      text({}),
      /\n {2}Certificate wildcard-https in akash-gateway {2}\*\.example\.com, \*\.ingress\.example\.com by ClusterIssuer letsencrypt-prod\n/,
    );
    assert.match(
      text({}),
      /\(docs\/wildcard\.md\): pulumi config set -s prod --path wildcard\.issuer cert-manager && pulumi preview -s prod$/m,
    );
    assert.match(
      text({ namespace: "ingress", secretName: "tls" }),
      /: pulumi config set -s prod --path wildcard\.issuer cert-manager && pulumi config set -s prod --path wildcard\.namespace ingress && pulumi config set -s prod --path wildcard\.secretName tls && pulumi preview -s prod$/m,
    );
    assert.doesNotMatch(planText("provider.yaml", preparation("guide")), /tenants/);
  });

  it("lists the encrypted settings, the omitted values, and the values missing in the file", () => {
    const text = planText("provider.yaml", preparation("guide"));
    assert.match(text, /^provider\.yaml and the release akash-provider in akash-services become/);
    assert.match(text, /\n {2}walletPassword: "\[secret\]"\n/);
    assert.match(text, /\nLeft out:\n {2}price_target_gpu_mappings {2}Without bidpricescript/);
    assert.match(text, /\n {2}bidpricescript {2}only in the release\n/);
    assert.match(text, /helm -n akash-services get values akash-provider -o yaml/);
  });

  it("lists the numbers with an exponent in the release, and their digits", () => {
    const exponents = [{ path: "minimumbalance", printed: "1e+07", digits: "10000000" }];
    const prepared = { ...preparation("guide"), exponents };
    assert.match(
      planText("provider.yaml", prepared),
      /\nNumbers with an exponent in the release.*:\n {2}minimumbalance {2}1e\+07 becomes 10000000$/,
    );
    assert.deepEqual(summary(prepared).exponents, exponents);
    assert.doesNotMatch(planText("provider.yaml", preparation("guide")), /exponent/);
  });

  it("lists the paths that look like credentials, without their values", () => {
    const { translation, ...prepared } = preparation("guide");
    const values = { registry: { pullPassword: "SENTINEL" } };
    const found = { ...prepared, translation: { ...translation, values } };
    assert.match(
      planText("f", found),
      /\nValues that look like credentials, .*:\n {2}values\.registry\.pullPassword$/,
    );
    assert.match(planText("f", found), /\n {4}registry:\n {6}pullPassword: "\[secret\]"\n/);
    assert.doesNotMatch([planText("f", found), JSON.stringify(summary(found))].join(), /SENTINEL/);
    assert.deepEqual(summary(found).credentialLookalikes, ["values.registry.pullPassword"]);
    assert.doesNotMatch(planText("f", preparation("guide")), /look like credentials/);
  });

  it("gives commands for the stack's cluster, independent of the current context", () => {
    const provider = { kubeContext: "prod-eu" } as RunningProvider;
    const prepared = { ...preparation("guide"), provider };
    const text = [planText("provider.yaml", prepared), ...shownCommands(prepared)].join("\n");
    assert.match(text, /helm --kube-context prod-eu -n akash-services get values/);
    assert.match(text, /kubectl --context prod-eu -n akash-services annotate secret/);
    assert.doesNotMatch(text, /(kubectl|helm) -n/);
  });

  it("reports the upgrade of an old chart, and nothing without an upgrade", () => {
    const old = preparation("guide", { deployed: "12.1.2", next: "19.0.2" });
    assert.match(
      planText("f", old),
      /\nChart:\n {2}12\.1\.2 is deployed, which the repairs do not/,
    );
    assert.doesNotMatch(planText("f", preparation("guide")), /\nChart:/);
  });

  it("reports why another supported chart is deployed, and how to keep the present one", () => {
    const planned = (deployed: string, next: string) =>
      planText(undefined, preparation("guide", { deployed, next }));
    assert.match(
      planned("14.0.8", chartVersion),
      /\n {2}14\.0\.8 is deployed; .*, the program's own .*: pulumi config set -s prod chartVersion 14\.0\.8$/,
    );
    assert.match(planned(chartVersion, "14.0.8"), /deploys 14\.0\.8, from the stack's setting/);
    assert.doesNotMatch(planned(`${chartVersion}+build`, chartVersion), /\nChart:/);
  });

  it("creates the stack first where it does not exist", () => {
    const [first] = shownCommands({ ...preparation("guide"), isNewStack: true });
    assert.equal(first, "pulumi stack init prod --no-select");
    assert.doesNotMatch(shownCommands(preparation("guide")).join(), /stack init/);
  });

  it("reports that a stack keeps its settings where its provider returns", () => {
    const text = planText(undefined, { ...preparation("guide"), translation: nothing });
    assert.match(text, /returns to the stack prod, whose settings stay/);
    assert.doesNotMatch(text, /Settings:/);
  });
});
