import { hasWildcard, type Check } from "../../check.ts";
import { wildcardOf } from "../../facts/wildcard.ts";
import { found, NotAvailable, type Problem } from "../../finding.ts";
import { refreshAndDeploy } from "../remedies.ts";
import { describeIssuer } from "./commands.ts";
import { changedAt, conditionOf } from "./watched.ts";

const missing: Problem = {
  id: "wildcard-issuer-missing",
  severity: "error",
  title: "cert-manager's Issuer of the wildcard certificate is missing",
  why: "The Issuer was deleted. Without it the wildcard certificate is not renewed.",
  command: refreshAndDeploy,
};

const notReady: Problem = {
  id: "wildcard-issuer-not-ready",
  severity: "error",
  title: "cert-manager's Issuer has no account at the CA",
  why: "Without an account cert-manager orders no certificate. Either cert-manager cannot reach the CA's directory, or the CA refuses the account, usually for its e-mail address.",
  command: describeIssuer,
};

/** How long the CA may take to create an account, in milliseconds. */
const registeredWithin = 2 * 60 * 1_000;

/** cert-manager's Issuer, with the stack's CA and e-mail address. */
export const wildcardIssuer: Check = {
  id: "wildcard-issuer",
  group: "Wildcard certificate",
  title: "cert-manager's Issuer has an account at the stack's CA",
  problems: [missing, notReady],
  applies: hasWildcard,
  run: async ({ expected, wildcard, now }) => {
    const { issuer: name, namespace } = wildcardOf(expected);
    const issuer = await wildcard.issuer();
    if (issuer === undefined) {
      if (!(await wildcard.hasTypes())) {
        throw new NotAvailable("the cluster has no resource types of cert-manager.io");
      }
      const seen = "no such Issuer";
      const evidence = { expected: `Issuer ${name} in ${namespace}`, seen };
      return { seen, found: [found(missing, expected, evidence)] };
    }
    const ready = conditionOf(issuer, "Ready");
    const seen = ready?.message ?? "cert-manager reports no status";
    if (ready?.status === "True") {
      return { seen: `${name}, ${expected.directoryUrl}`, found: [] };
    }
    const since = ready?.lastTransitionTime ?? changedAt(issuer);
    if (since !== undefined && now.getTime() - new Date(since).getTime() < registeredWithin) {
      throw new NotAvailable(`${seen}, since ${new Date(since).toISOString()}`);
    }
    const evidence = { expected: `an account at ${expected.directoryUrl}`, seen };
    return { seen, found: [found(notReady, expected, evidence)] };
  },
};
