import type { V1Pod } from "@kubernetes/client-node";
import { letsEncryptDirectory } from "../../config/settings.ts";
import type { Check, Context } from "../check.ts";
import { providerContainer } from "../facts/providerContainer.ts";
import { found, ifSeen, type Problem } from "../finding.ts";
import { issued } from "./issuerErrors.ts";

const near: Problem = {
  id: "rate-limit-near",
  severity: "warning",
  title: "Another certificate for this name could hit Let's Encrypt's rate limit",
  why: "5 a week for the same name, and 50 a week for the registered domain with everything else under it. Only orders that leave a trace here are counted; those of other machines or before a lost log are not. Keep the home volume, and try changes on a staging stack.",
  command: ({ namespace, names }) => `kubectl -n ${namespace} get pvc home-${names.pod}`,
};

const volatileHome: Problem = {
  id: "home-not-persistent",
  severity: "error",
  title: "The provider's home is not on a persistent volume",
  why: "Each restart forgets the certificate and orders another, and the fifth in a week is the last.",
  command: ({ namespace, names }) =>
    `kubectl -n ${namespace} get statefulset ${names.fullname} -o jsonpath='{.spec.volumeClaimTemplates}'`,
};

const week = 7 * 24 * 60 * 60 * 1_000;
/** https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers */
const perName = 5;

/** The orders of the last week that have left a trace. */
export const rateLimits: Check = {
  id: "rate-limits",
  group: "Certificate",
  title: "The known orders of the last week are far from Let's Encrypt's limits",
  problems: [near, volatileHome],
  // Staging's limits are out of reach, and other CAs have their own.
  applies: ({ directoryUrl }) => directoryUrl === letsEncryptDirectory.production,
  run: async (context) => {
    const { expected, cluster } = context;
    const pod = await cluster.pod();
    const persistent = pod === undefined || hasPersistentHome(pod);
    const restarts = providerContainer(pod)?.restartCount ?? 0;
    const orders = (await tracedOrders(context)) + (persistent ? 0 : restarts);
    const seen = `${orders} known orders in a week`;
    const wanted = `fewer than ${perName - 1}`;
    return {
      seen,
      found: [
        ...(orders >= perName - 1 ? [found(near, expected, { expected: wanted, seen })] : []),
        ...(persistent
          ? []
          : [
              found(volatileHome, expected, {
                expected: "a claim for the volume home",
                seen: "no claim",
              }),
            ]),
      ],
    };
  },
};

/** Those in the log, or the one whose certificate is served. */
async function tracedOrders({ cluster, wire, now }: Context): Promise<number> {
  const since = now.getTime() - week;
  const lines = (await ifSeen(cluster.log())) ?? [];
  const logged = lines.filter(
    ({ time, text }) => issued.test(text) && (time?.getTime() ?? 0) > since,
  );
  const served = await wire.certificate();
  const isNew = !("unreachable" in served) && served.notBefore.getTime() > since;
  return Math.max(logged.length, isNew ? 1 : 0);
}

function hasPersistentHome({ spec }: V1Pod): boolean {
  return (
    spec?.volumes?.some(
      ({ name, persistentVolumeClaim }) => name === "home" && persistentVolumeClaim !== undefined,
    ) === true
  );
}
