import type { V1Pod } from "@kubernetes/client-node";
import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Check, Context } from "../check.ts";
import { providerContainer } from "../facts/providerContainer.ts";
import { found, ifAvailable, type Finding, type Problem } from "../finding.ts";
import { issued } from "./issuerErrors.ts";
import { recreateStatefulSet } from "./remedies.ts";
import { registeredDomain } from "./registeredDomain.ts";
import { shell } from "../../lib/shell.ts";

const near: Problem = {
  id: "rate-limit-near",
  severity: "warning",
  title: "Another certificate for this name could reach Let's Encrypt's rate limit",
  why: "The limit is 5 certificates a week for the same name. The doctor counts those in the log or the served one, not those of other machines or of a lost log. Keep the home volume, and test changes on a staging stack.",
  command: (expected) => kubectl(expected, shell`get pvc home-${expected.names.pod}`),
};

const nearForDomain: Problem = {
  id: "rate-limit-domain",
  severity: "warning",
  title: "Another certificate under the registered domain could reach Let's Encrypt's rate limit",
  why: "The limit is 50 certificates a week for the registered domain and all names under it; renewals of the same names are exempt. The doctor counts those of the provider and of this cluster's cert-manager, not those of other machines. The public certificate logs list all of them.",
  command: ({ host }) => shell`curl 'https://crt.sh/?q=${registeredDomain(host)}&output=json'`,
};

const volatileHome: Problem = {
  id: "home-not-persistent",
  severity: "error",
  title: "The provider's home is not on a persistent volume",
  why: "Each restart loses the certificate and orders a new one, and Let's Encrypt issues only five a week.",
  command: (expected) => recreateStatefulSet(expected, expected.names.fullname),
};

const week = 7 * 24 * 60 * 60 * 1_000;
/** https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers */
const perName = 5;
/** https://letsencrypt.org/docs/rate-limits/#new-certificates-per-registered-domain */
const perDomain = 50;
/** A warning is reported from these counts on: restarts can turn one order of the provider into several. */
const manyForName = perName - 1;
const manyForDomain = perDomain - 5;

/** The known orders of the last week. */
export const rateLimits: Check = {
  id: "rate-limits",
  group: "Certificate",
  title: "The known orders of the last week are well below Let's Encrypt's limits",
  problems: [near, nearForDomain, volatileHome],
  // The limits of staging are too high to be reached, and other CAs have their own.
  applies: ({ directoryUrl }) => directoryUrl === letsEncryptDirectory.production,
  run: async (context) => {
    const { expected, cluster } = context;
    const pod = await cluster.pod();
    const persistent = pod === undefined || hasPersistentHome(pod);
    const restarts = providerContainer(pod)?.restartCount ?? 0;
    const orders = (await tracedOrders(context)) + (persistent ? 0 : restarts);
    const others = await ifAvailable(ordersOfCertManager(context));
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

/** The number of orders in the log, or 1 for a new served certificate. */
async function tracedOrders({ cluster, wire, now }: Context): Promise<number> {
  const since = now.getTime() - week;
  const lines = (await ifAvailable(cluster.log())) ?? [];
  const logged = lines.filter(
    ({ time, text }) => issued.test(text) && (time?.getTime() ?? 0) > since,
  );
  const served = await wire.certificate();
  const isNew = !("unreachable" in served) && served.notBefore.getTime() > since;
  return Math.max(logged.length, isNew ? 1 : 0);
}

/** The orders of the cluster's cert-manager for names under the same registered domain, such as tenants' ingresses. */
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
