import type { Check } from "../check.ts";
import { credentialSecret } from "../expectation.ts";
import { found, type Problem } from "../finding.ts";
import { setAndDeploy } from "./remedies.ts";
import { joined, shell } from "../../lib/shell.ts";

const avoidable: Problem = {
  id: "credential-avoidable",
  severity: "info",
  title: "Workload Identity could replace the key",
  why: "On GKE the provider can act as a service account (Workload Identity). The cluster then stores no key that could leak or needs rotation. Before the change, grant `roles/dns.admin` on the zone to that account, and `roles/iam.workloadIdentityUser` on the account to `serviceAccount:<pool>[<namespace>/<the pod's service account>]`.",
  command: (expected) => {
    const { stack, created } = expected;
    // A provided key excludes Workload Identity.
    const removeKey = shell`pulumi config rm -s ${stack} --path dns.serviceAccountKey`;
    const setting = shell`--path dns.workloadIdentity 'SERVICE_ACCOUNT'`;
    const deploy = setAndDeploy(expected, setting);
    return created === undefined ? joined([removeKey, deploy], " && ") : deploy;
  },
};

/** Whether the provider needs a Google key: outside of GKE it cannot authenticate without one. */
export const workloadIdentity: Check = {
  id: "credential-need",
  group: "Credential",
  title: "The provider needs a key",
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
