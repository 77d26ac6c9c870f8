import { gt } from "semver";
import { parametersAnnotation, repairsVersion } from "../../chart/parameters.ts";
import { chartVersion as newestTried } from "../../chart/release.ts";
import { isSupported, repairsFor, supportedChartVersions } from "../../chart/repairs.ts";
import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { deployAgain, setAndDeploy } from "./remedies.ts";
import { shell } from "../../lib/shell.ts";

const unsupported: Problem = {
  id: "chart-unsupported",
  severity: "error",
  title: "The repairs do not support the chart's version",
  why: "Defects that prevent the chart from obtaining or renewing its certificate may not be repaired.",
  command: (expected) => setAndDeploy(expected, shell`chartVersion ${newestTried}`),
};

const untested: Problem = {
  id: "chart-untried",
  severity: "info",
  title: "The chart is newer than the newest version that the repairs were tested with",
  why: "The post-renderer has checked the deployed manifest, but cannot detect a defect that is new in this version.",
  command: (expected) => setAndDeploy(expected, shell`chartVersion ${newestTried}`),
};

const unrepaired: Problem = {
  id: "chart-unrepaired",
  severity: "error",
  title: "The release was deployed without this program's repairs, or with another version of them",
  why: "Among other defects, the published chart names a DNS provider that the issuer does not know, and continues to use the certificate of another CA.",
  command: deployAgain,
};

/** Compares the chart's version with the table of repairs (chart/repairs.ts). */
export const chartVersion: Check = {
  id: "chart",
  group: "Release",
  title: "The repairs support the chart's version and were applied",
  problems: [unsupported, untested, unrepaired],
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
          ? [found(untested, expected, { expected: `up to ${newestTried}`, seen: version })]
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

/** The version of the repairs that a revision was rendered with. */
function repairsIn(revision: Parameters<typeof objectsOf>[0]): string | undefined {
  for (const { metadata } of objectsOf(revision)) {
    // Not decoded: the parameters of another version may have another form.
    const version = /"repairs":"([^"]*)"/.exec(metadata?.annotations?.[parametersAnnotation] ?? "");
    if (version !== null) {
      return version[1];
    }
  }
  return undefined;
}
