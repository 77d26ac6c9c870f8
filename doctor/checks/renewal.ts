import type { Check } from "../check.ts";
import { found, ifSeen, NotSeen, type Problem } from "../finding.ts";
import { issued } from "./issuerErrors.ts";
import { restart } from "./mend.ts";

const expired: Problem = {
  id: "certificate-expired",
  severity: "error",
  title: "The certificate has expired",
  why: "The issuer does not try again after a failed renewal. A restart tries at once; mend first what the log says.",
  command: restart,
};

const renewalFailed: Problem = {
  id: "renewal-failed",
  severity: "error",
  title: "The renewal has failed, and the certificate is about to expire",
  why: "After one failure the issuer looks again only a year later. A restart within the last 24 hours of the certificate tries again; a restart before that does not.",
  command: restart,
};

const due: Problem = {
  id: "renewal-due",
  severity: "warning",
  title: "The certificate is in its last 24 hours and not renewed yet",
  why: "The issuer renews only then, and tries once: at the beginning of that time, or when it starts within it. If there is no new certificate in a few minutes, restart the provider.",
  command: restart,
};

const soon: Problem = {
  id: "renewal-soon",
  severity: "info",
  title: "The certificate ends within a week",
  why: "The issuer renews in the last 24 hours only. A restart earlier than that renews nothing; look again with `--watch` when it begins.",
  command: ({ stack }) => `npm run doctor -- -s ${stack} --watch`,
};

const hour = 60 * 60 * 1_000;
const day = 24 * hour;
/** When the issuer renews: its lego.go asks for a new certificate once less than this is left. */
const renewalWindow = day;

/** How much is left of the certificate, and whether the issuer still renews it. */
export const renewal: Check = {
  id: "renewal",
  group: "Certificate",
  title: "The certificate is not due for renewal",
  problems: [expired, renewalFailed, due, soon],
  run: async ({ expected, wire, cluster, now }) => {
    const served = await wire.certificate();
    if ("unreachable" in served) {
      throw new NotSeen("port 8443 serves no certificate");
    }
    const { notAfter } = served;
    const left = notAfter.getTime() - now.getTime();
    const from = new Date(notAfter.getTime() - renewalWindow).toISOString();
    const seen = `valid until ${notAfter.toISOString()}, ${describe(left)}`;
    const sighting = { expected: `renewed after ${from}`, seen };
    const hasFailed = async () => {
      const lines = (await ifSeen(cluster.log())) ?? [];
      const failed = lines.findLastIndex(({ text }) =>
        text.includes("failed to renew certificate"),
      );
      return failed > lines.findLastIndex(({ text }) => issued.test(text));
    };
    if (left <= 0) {
      return { seen, found: [found(expired, expected, sighting)] };
    }
    if (left <= renewalWindow) {
      const problem = (await hasFailed()) ? renewalFailed : due;
      return { seen, found: [found(problem, expected, sighting)] };
    }
    return { seen, found: left <= 7 * day ? [found(soon, expected, sighting)] : [] };
  },
};

function describe(left: number): string {
  return left <= 0
    ? "over"
    : left < 2 * day
      ? `${Math.floor(left / hour)} hours left`
      : `${Math.floor(left / day)} days left`;
}
