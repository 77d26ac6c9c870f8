import type { V1Pod } from "@kubernetes/client-node";
import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Check, Context } from "../check.ts";
import { providerContainer } from "../facts/providerContainer.ts";
import { found, ifSeen, type Finding, type Problem } from "../finding.ts";
import { issued } from "./issuerErrors.ts";
import { remakeStatefulSet } from "./mend.ts";
import { registeredDomain } from "./registeredDomain.ts";
import { shell } from "../../lib/shell.ts";

const near: Problem = {
  id: "rate-limit-near",
  severity: "warning",
  title: "Another certificate for this name could hit Let's Encrypt's rate limit",
  why: "5 a week for the same name. Only those that leave a trace here are counted: in the log, or the one that is served; those of other machines or before a lost log are not. Keep the home volume, and try changes on a staging stack.",
  command: (expected) => kubectl(expected, shell`get pvc home-${expected.names.pod}`),
};

const nearForDomain: Problem = {
  id: "rate-limit-domain",
  severity: "warning",
  title: "Another certificate under the registered domain could hit Let's Encrypt's rate limit",
  why: "50 a week for the registered domain with all names under it; only who renews the same names is exempt. Counted are the provider's own and those of this cluster's cert-manager, not those of other machines. The public logs of certificates have them all.",
  command: ({ host }) => shell`curl 'https://crt.sh/?q=${registeredDomain(host)}&output=json'`,
};

const volatileHome: Problem = {
  id: "home-not-persistent",
  severity: "error",
  title: "The provider's home is not on a persistent volume",
  why: "Each restart forgets the certificate and orders another, and the fifth in a week is the last.",
  command: (expected) => remakeStatefulSet(expected, expected.names.fullname),
};

const week = 7 * 24 * 60 * 60 * 1_000;
/** https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers */
const perName = 5;
/** https://letsencrypt.org/docs/rate-limits/#new-certificates-per-registered-domain */
const perDomain = 50;
/** From how many on it is worth a warning: one order of the provider's may become a few, at restarts. */
const manyForName = perName - 1;
const manyForDomain = perDomain - 5;

/** The orders of the last week that have left a trace. */
export const rateLimits: Check = {
  id: "rate-limits",
  group: "Certificate",
  title: "The known orders of the last week are far from Let's Encrypt's limits",
  problems: [near, nearForDomain, volatileHome],
  // Staging's limits are out of reach, and other CAs have their own.
  applies: ({ directoryUrl }) => directoryUrl === letsEncryptDirectory.production,
  run: async (context) => {
    const { expected, cluster } = context;
    const pod = await cluster.pod();
    const persistent = pod === undefined || hasPersistentHome(pod);
    const restarts = providerContainer(pod)?.restartCount ?? 0;
    const orders = (await tracedOrders(context)) + (persistent ? 0 : restarts);
    const others = await ifSeen(ordersOfCertManager(context));
    const all = orders + (others ?? 0);
    const domain = registeredDomain(expected.host);
    const seen = `${orders} known orders in a week`;
    const seenOfDomain = `${all} known orders in a week under ${domain}${others === undefined ? ", without those of cert-manager, which cannot be read" : ""}`;
    const warning = (problem: Problem, count: number, many: number, seen: string): Finding[] =>
      count < many ? [] : [found(problem, expected, { expected: `fewer than ${many}`, seen })];
    return {
      seen: `${seen}, ${seenOfDomain}`,
      found: [
        ...warning(near, orders, manyForName, seen),
        ...warning(nearForDomain, all, manyForDomain, seenOfDomain),
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

/** Those of the cluster's cert-manager for names under the same registered domain, such as tenants' ingresses. */
async function ordersOfCertManager({ expected, cluster, now }: Context): Promise<number> {
  const domain = registeredDomain(expected.host);
  const ca = new URL(expected.directoryUrl).host;
  const since = now.getTime() - week;
  const counted = (await cluster.certificateOrders()).filter(
    ({ names, url, createdAt }) =>
      createdAt.getTime() > since &&
      URL.parse(url)?.host === ca &&
      names.some((name) => registeredDomain(name.replace(/^\*\./, "")) === domain),
  );
  return counted.length;
}

function hasPersistentHome({ spec }: V1Pod): boolean {
  return (
    spec?.volumes?.some(
      ({ name, persistentVolumeClaim }) => name === "home" && persistentVolumeClaim !== undefined,
    ) === true
  );
}
