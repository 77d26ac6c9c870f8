import assert from "node:assert/strict";
import type { RunningProvider } from "../../../adopt/cluster.ts";
import { importedResources } from "../../../adopt/plan.ts";
import type { Preparation } from "../../../adopt/prepare.ts";
import { adoptedText, planText, shownCommands, summary } from "../../../adopt/report.ts";
import { translate } from "../../../adopt/translate.ts";
import { releaseNames } from "../../../chart/release.ts";
import { fixture } from "./fixture.ts";

const place = { namespace: "akash-services", releaseName: "akash-provider" };

function preparation(file: string, chart = { deployed: "19.0.2", next: "19.0.2" }): Preparation {
  const names = releaseNames(place.releaseName);
  return {
    identity: { project: "akash-provider-letsencrypt", stack: "prod" },
    place,
    // The report asks it nothing.
    provider: {} as RunningProvider,
    names,
    translation: translate(fixture(file), { zone: "example.com" }),
    scriptFile: "stacks/prod.price_script.sh",
    secrets: [names.walletSecret],
    imported: importedResources(place, { wallet: names.walletSecret }),
    differences: [{ path: "bidpricescript", how: "only in the release" }],
    chart,
  };
}

describe("the report of an adoption", () => {
  for (const file of ["guide", "chart-12.1", "google-cloud"]) {
    it(`shows no secret of ${file}.yaml`, () => {
      const prepared = preparation(file);
      const { secrets } = prepared.translation;
      const everything = [
        planText("provider.yaml", prepared),
        adoptedText(prepared, [1, 2]),
        ...shownCommands(prepared),
        JSON.stringify(summary(prepared)),
      ].join("\n");
      assert.doesNotMatch(everything, /SENTINEL|PRIVATE KEY/);
      for (const secret of Object.values(secrets)) {
        assert(!everything.includes(Buffer.from(secret).toString("base64")));
      }
    });
  }

  it("says which settings are encrypted, what is left out, and what the file lacks", () => {
    const text = planText("provider.yaml", preparation("guide"));
    assert.match(text, /^provider\.yaml and the release akash-provider in akash-services become/);
    assert.match(text, /\n {2}walletPassword: "\[secret\]"\n/);
    assert.match(text, /\nLeft out:\n {2}price_target_gpu_mappings {2}Nothing reads it/);
    assert.match(text, /\n {2}bidpricescript {2}only in the release\n/);
    assert.match(text, /helm -n akash-services get values akash-provider -o yaml/);
  });

  it("says that an old chart is upgraded, and nothing where it is not", () => {
    const old = preparation("guide", { deployed: "12.1.2", next: "19.0.2" });
    assert.match(planText("f", old), /\nChart:\n {2}12\.1\.2 is deployed/);
    assert.doesNotMatch(planText("f", preparation("guide")), /\nChart:/);
  });

  it("says which revisions held credentials", () => {
    const prepared = preparation("guide");
    assert.match(adoptedText(prepared, [1, 2]), /taken out of Helm's revisions 1, 2;/);
    assert.match(adoptedText(prepared, []), /Helm's history holds no credential\./);
  });
});
