import { walletSecretKey } from "../../chart/release.ts";
import { digestOfWallet } from "../../chart/walletDigest.ts";
import type { Check, Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import type { SecretFacts } from "../facts/clusterFacts.ts";
import { found, ifSeen, type Problem } from "../finding.ts";
import { refreshAndDeploy, restart } from "./mend.ts";
import { joined, type ShellText } from "../../lib/shell.ts";

const missing: Problem = {
  id: "wallet-missing",
  severity: "error",
  title: "The Secret with the wallet is missing, or has not the entries that the pod reads",
  why: "The pod does not start without it, at its next restart, and the provider can sign nothing then.",
  command: refreshAndDeploy,
};

const another: Problem = {
  id: "wallet-another",
  severity: "error",
  title: "The Secret holds another wallet than the stack's",
  why: "Somebody has changed it by hand. A pod that starts with it signs with another account, or not at all, and the next `pulumi up` takes no notice of it.",
  command: refreshAndDeploy,
};

/** The Secret with the wallet. */
export const walletSecret: Check = {
  id: "wallet",
  group: "Release",
  title: "The Secret holds the stack's wallet",
  problems: [missing, another],
  run: async ({ expected, cluster }) => {
    const secret = await cluster.walletSecret();
    const { [walletSecretKey.key]: key, [walletSecretKey.password]: password } =
      secret?.entries ?? {};
    const name = expected.names.walletSecret;
    if (secret === undefined || key === undefined || password === undefined) {
      const wanted = `Secret ${name} with ${Object.values(walletSecretKey).join(" and ")}`;
      const seen =
        secret === undefined
          ? "no such Secret"
          : `entries ${Object.keys(secret.entries).join(", ")}`;
      return { seen, found: [found(missing, expected, { expected: wanted, seen })] };
    }
    const digest = await digestOfWallet(key, password);
    if (digest === expected.walletDigest) {
      return { seen: `${name}, digest ${digest}`, found: [] };
    }
    const sighting = {
      expected: `digest ${expected.walletDigest}`,
      seen: `digest ${digest}`,
      command: await restore(expected, cluster, secret),
    };
    return { seen: sighting.seen, found: [found(another, expected, sighting)] };
  },
};

/** Puts the stack's wallet back, also into a pod that has started with the other. */
async function restore(
  expected: Expectation,
  cluster: Context["cluster"],
  { changedAt }: SecretFacts,
): Promise<ShellText> {
  const started = (await ifSeen(cluster.pod()))?.status?.startTime;
  const hasIt = started !== undefined && changedAt !== undefined && new Date(started) >= changedAt;
  return joined([refreshAndDeploy(expected), ...(hasIt ? [restart(expected)] : [])], " && ");
}
