import { probeRetriesRenewal, overdueHours, retryHours } from "../../chart/renewalRetry.ts";
import type { Check, Context } from "../check.ts";
import { providerContainer } from "../facts/providerContainer.ts";
import { found, ifAvailable, NotAvailable, type Problem } from "../finding.ts";
import { issued } from "./issuerErrors.ts";
import { restart } from "./remedies.ts";
import { shell } from "../../lib/shell.ts";

const probeRestarts = `The liveness probe restarts the container from ${overdueHours} hours before the expiry, at most every ${retryHours} hours.`;

const expired: Problem = {
  id: "certificate-expired",
  severity: "error",
  title: "The certificate has expired",
  why: `The issuer attempts a renewal only at its start. ${probeRestarts} Fix the cause that the log shows; a restart retries immediately.`,
  command: restart,
};

const renewalFailed: Problem = {
  id: "renewal-failed",
  severity: "error",
  title: "The renewal has failed, and the certificate is about to expire",
  why: `After a failure the issuer checks the certificate again only a year later, or at its start. ${probeRestarts} First fix the cause that the log shows; a restart retries immediately.`,
  command: restart,
};

const due: Problem = {
  id: "renewal-due",
  severity: "warning",
  title: "The certificate is in its last 24 hours and is not renewed yet",
  why: `The issuer renews only in the last 24 hours, with one attempt: at the beginning of that time, or at a start within it. ${probeRestarts} If there is no new certificate after a few minutes, check the log; a restart retries immediately.`,
  command: restart,
};

const soon: Problem = {
  id: "renewal-soon",
  severity: "info",
  title: "The certificate is in the last twelfth of its lifetime",
  why: "The issuer renews only in the last 24 hours. An earlier restart renews nothing; check again with `--watch` when that time begins.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --watch`,
};

const hour = 60 * 60 * 1_000;
const day = 24 * hour;
/** The issuer's lego.go requests a new certificate once less than this is left, in milliseconds. */
const renewalWindow = day;
/** The last part of a certificate's lifetime, in which its renewal is near: a week of 90 days, half a day of six. */
const nearEnd = 1 / 12;

/** The remaining lifetime of the certificate, whether the issuer still renews it, and the next automatic attempt. */
export const renewal: Check = {
  id: "renewal",
  group: "Certificate",
  title: "The certificate is not due for renewal",
  problems: [expired, renewalFailed, due, soon],
  run: async ({ expected, wire, cluster, now }) => {
    const served = await wire.certificate();
    if ("unreachable" in served) {
      throw new NotAvailable("port 8443 serves no certificate");
    }
    const { notBefore, notAfter, selfSigned } = served;
    const left = notAfter.getTime() - now.getTime();
    const life = notAfter.getTime() - notBefore.getTime();
    const from = before(notAfter, renewalWindow).toISOString();
    const validity = `valid until ${notAfter.toISOString()}, ${describe(left)}`;
    // The blockchain certificate is not renewed.
    const times = selfSigned ? {} : { certificateIssued: notBefore, certificateExpiry: notAfter };
    const finding = async (problem: Problem) => {
      const next = await nextAttempt(cluster, notAfter, now);
      const seen = `${validity}; automatically: ${next}`;
      return {
        seen,
        found: [found(problem, expected, { expected: `renewed after ${from}`, seen })],
      };
    };
    const hasFailed = async () => {
      const lines = (await ifAvailable(cluster.log())) ?? [];
      const failed = lines.findLastIndex(({ text }) =>
        text.includes("failed to renew certificate"),
      );
      return failed > lines.findLastIndex(({ text }) => issued.test(text));
    };
    const problem =
      left <= 0
        ? expired
        : left <= renewalWindow
          ? (await hasFailed())
            ? renewalFailed
            : due
          : left <= life * nearEnd
            ? soon
            : undefined;
    return problem === undefined
      ? { seen: validity, found: [], times }
      : { ...(await finding(problem)), times };
  },
};

/** The next automatic attempt, and its time. */
async function nextAttempt(
  cluster: Context["cluster"],
  notAfter: Date,
  now: Date,
): Promise<string> {
  const pod = await ifAvailable(cluster.pod());
  const command = pod?.spec?.containers[0]?.livenessProbe?.exec?.command;
  const window = before(notAfter, renewalWindow);
  const issuer =
    window > now ? `the issuer attempts a renewal at ${window.toISOString()}` : undefined;
  if (!probeRetriesRenewal(command)) {
    return issuer === undefined ? "nothing until the container is restarted" : `${issuer}, once`;
  }
  const started = providerContainer(pod)?.state?.running?.startedAt;
  const next = new Date(
    Math.max(
      before(notAfter, overdueHours * hour).getTime(),
      started === undefined ? 0 : new Date(started).getTime() + retryHours * hour,
      now.getTime(),
    ),
  );
  const restarts = `the container is restarted from ${next.toISOString()} on, at most every ${retryHours} hours`;
  return issuer === undefined
    ? `${restarts}, for a retry`
    : `${issuer}; if that fails, ${restarts}`;
}

function before(time: Date, milliseconds: number): Date {
  return new Date(time.getTime() - milliseconds);
}

function describe(left: number): string {
  return left <= 0
    ? "expired"
    : left < 2 * day
      ? `${Math.floor(left / hour)} hours left`
      : `${Math.floor(left / day)} days left`;
}
