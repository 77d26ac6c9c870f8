import type { RunningProvider } from "../../../adopt/cluster/runningProvider.ts";
import { importedResources } from "../../../adopt/plan.ts";
import type { Preparation } from "../../../adopt/prepare.ts";
import { translate } from "../../../adopt/file/translate.ts";
import { releaseNames } from "../../../chart/release.ts";
import { fixture } from "./file/fixture.ts";

const place = { namespace: "akash-services", releaseName: "akash-provider" };

/** The preparation of the adoption of a file in `fixtures`. */
export function preparation(
  file: string,
  chart = { deployed: "19.0.2", next: "19.0.2" },
): Preparation {
  const names = releaseNames(place.releaseName);
  const imported = importedResources(place, { wallet: names.walletSecret });
  return {
    identity: { project: "akash-provider-letsencrypt", stack: "prod" },
    place,
    // The texts do not use it.
    provider: {} as RunningProvider,
    names,
    translation: translate(fixture(file), { zone: "example.com" }),
    secrets: [names.walletSecret],
    isNewStack: false,
    recovers: false,
    imported,
    missing: imported,
    exponents: [],
    differences: [{ path: "node", how: "not the same in the release" }],
    taken: ["bidpricescript"],
    chart,
  };
}
