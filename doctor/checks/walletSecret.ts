import { walletSecretKey } from "../../chart/release.ts";
import { digestOfWallet } from "../../chart/walletDigest.ts";
import type { Check, Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import type { SecretFacts } from "../facts/clusterFacts.ts";
import { found, ifAvailable, type Problem } from "../finding.ts";
import { refreshAndDeploy, restart } from "./remedies.ts";
import { joined, type ShellText } from "../../lib/shell.ts";

const missing: Problem = {
  id: "wallet-missing",
  severity: "error",
  title: "The Secret with the wallet, or an entry that the pod reads, is missing",
  why: "The pod fails to start at its next restart, and then the provider cannot sign transactions.",
  command: refreshAndDeploy,
};

const another: Problem = {
  id: "wallet-another",
  severity: "error",
  title: "The Secret contains a wallet other than the stack's",
  why: "The Secret was changed by hand. A pod that starts with it signs with another account, or not at all, and the next `pulumi up` does not detect the change.",
  command: refreshAndDeploy,
};

/** The Secret with the wallet. */
export const walletSecret: Check = {
  id: "wallet",
  group: "Release",
  title: "The Secret contains the stack's wallet",
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
    const evidence = {
      expected: `digest ${expected.walletDigest}`,
      seen: `digest ${digest}`,
      command: await restore(expected, cluster, secret),
    };
    return { seen: evidence.seen, found: [found(another, expected, evidence)] };
  },
};

/** Restores the stack's wallet, and restarts a pod that has started with the other one. */
async function restore(
  expected: Expectation,
  cluster: Context["cluster"],
  { changedAt }: SecretFacts,
): Promise<ShellText> {
  const started = (await ifAvailable(cluster.pod()))?.status?.startTime;
  const hasIt = started !== undefined && changedAt !== undefined && new Date(started) >= changedAt;
  return joined([refreshAndDeploy(expected), ...(hasIt ? [restart(expected)] : [])], " && ");
}
