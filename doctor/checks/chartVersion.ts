import { gt } from "semver";
import { parametersAnnotation, repairsVersion } from "../../chart/parameters.ts";
import { chartVersion as newestTried } from "../../chart/release.ts";
import { isSupported, repairsFor, supportedChartVersions } from "../../chart/repairs.ts";
import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { deployAgain, setAndDeploy } from "./mend.ts";
import { shell } from "../../lib/shell.ts";

const unsupported: Problem = {
  id: "chart-unsupported",
  severity: "error",
  title: "The chart's version is not one that the repairs know",
  why: "What keeps the chart from getting or keeping its certificate may not be mended.",
  command: (expected) => setAndDeploy(expected, shell`chartVersion ${newestTried}`),
};

const untried: Problem = {
  id: "chart-untried",
  severity: "info",
  title: "The chart is newer than the newest one that the repairs were tried on",
  why: "The post-renderer has checked what it deployed; a defect that is new in it would be seen by nobody.",
  command: (expected) => setAndDeploy(expected, shell`chartVersion ${newestTried}`),
};

const unrepaired: Problem = {
  id: "chart-unrepaired",
  severity: "error",
  title:
    "The release was deployed without this program's repairs, or with those of another version",
  why: "The published chart names a DNS provider that the issuer does not know, and keeps using the certificate of another CA, among others.",
  command: deployAgain,
};

/** The chart's version against the table of repairs (chart/repairs.ts). */
export const chartVersion: Check = {
  id: "chart",
  group: "Release",
  title: "The chart is one that the repairs know, and is repaired",
  problems: [unsupported, untried, unrepaired],
  run: async ({ expected, cluster }) => {
    const revision = await deployedRevision(cluster);
    const version = revision.chartVersion;
    const known = isSupported(version);
    const repairs = repairsIn(revision);
    const seen = `chart ${version}, ${repairsFor(version).length} repairs`;
    return {
      seen,
      found: [
        ...(known
          ? []
          : [found(unsupported, expected, { expected: supportedChartVersions, seen: version })]),
        ...(known && gt(version, newestTried)
          ? [found(untried, expected, { expected: `up to ${newestTried}`, seen: version })]
          : []),
        ...(repairs === repairsVersion
          ? []
          : [
              found(unrepaired, expected, {
                expected: `version ${repairsVersion} of the repairs`,
                seen: repairs === undefined ? "none" : `version ${repairs}`,
              }),
            ]),
      ],
    };
  },
};

/** The version of the repairs that a revision says it was rendered with. */
function repairsIn(revision: Parameters<typeof objectsOf>[0]): string | undefined {
  for (const { metadata } of objectsOf(revision)) {
    // Read loosely: another version's parameters may have another form.
    const version = /"repairs":"([^"]*)"/.exec(metadata?.annotations?.[parametersAnnotation] ?? "");
    if (version !== null) {
      return version[1];
    }
  }
  return undefined;
}
