import type { Check } from "../check.ts";
import { credentialSecret } from "../expectation.ts";
import { found, type Problem } from "../finding.ts";
import { setAndDeploy } from "./mend.ts";
import { joined, shell } from "../../lib/shell.ts";

const avoidable: Problem = {
  id: "credential-avoidable",
  severity: "info",
  title: "The cluster could do without a key",
  why: "On GKE the provider can act as a service account (Workload Identity). No key then lies in the cluster, so that none can leak, and none has to be rotated. Grant beforehand what the pod needs then: `roles/dns.admin` on the zone to that account, and `roles/iam.workloadIdentityUser` on the account to `serviceAccount:<pool>[<namespace>/<the pod's service account>]`.",
  command: (expected) => {
    const { stack, made } = expected;
    // A key that the stack brings excludes it.
    const brought = shell`pulumi config rm -s ${stack} --path dns.serviceAccountKey`;
    const setting = shell`--path dns.workloadIdentity 'SERVICE_ACCOUNT'`;
    const deploy = setAndDeploy(expected, setting);
    return made === undefined ? joined([brought, deploy], " && ") : deploy;
  },
};

/** Whether a key of Google's is needed at all: off GKE the provider has no other way to prove who it is. */
export const workloadIdentity: Check = {
  id: "credential-need",
  group: "Credential",
  title: "The provider needs a key here",
  problems: [avoidable],
  applies: (expected) =>
    credentialSecret(expected) !== undefined &&
    expected.challenge.type === "dns-01" &&
    expected.challenge.dnsProvider === "googleCloud",
  run: async ({ expected, cluster }) => {
    const onGke = await cluster.onGke();
    return {
      seen: "the cluster is not on GKE",
      found: onGke
        ? [found(avoidable, expected, { expected: "dns.workloadIdentity", seen: "a key, on GKE" })]
        : [],
    };
  },
};
