import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import type { Reply, Unreachable } from "../facts/wire.ts";
import { found, type Problem } from "../finding.ts";
import { askChallenge } from "./lookUp.ts";
import { releasedRoute, routeName } from "./routeOfChallenge.ts";
import { shell, type ShellText } from "../../lib/shell.ts";

const closed: Problem = {
  id: "port-80-closed",
  severity: "error",
  title: "Port 80 of the provider's host does not answer",
  why: "HTTP-01 asks there, from places all over the internet. A firewall or a router in front of the cluster is the usual cause.",
  command: askChallenge,
};

const notRouted: Problem = {
  id: "port-80-not-routed",
  severity: "error",
  title: "The cluster's entry does not know the provider's host",
  why: "Port 80 answers, but no HTTPRoute or Ingress leads from it to the provider, so the challenge would not arrive.",
  // Of the chart's default; a cluster need not know both kinds.
  command: (expected) => describeRoute("HTTPRoute", expected),
};

function describeRoute(kind: string, expected: Expectation): ShellText {
  return kubectl(expected, shell`describe ${kind.toLowerCase()} ${routeName(expected)}`);
}

const redirected: Problem = {
  id: "port-80-redirected",
  severity: "warning",
  title: "Port 80 redirects the challenge",
  why: "The CA follows a redirect to ports 80 and 443 only, and what answers there need not be the provider.",
  command: askChallenge,
};

const foreign: Problem = {
  id: "port-80-foreign",
  severity: "warning",
  title: "Something other than the provider answers on port 80",
  why: "The provider answers there during a challenge only; the entry says meanwhile that it is away (502 or 503).",
  command: askChallenge,
};

/** lego's answer to a request that is not for its challenge (challenge/http01/http_challenge_server.go). */
const solverAnswer = "TEST";

/** Whether an HTTP-01 challenge would arrive. */
export const challengePath: Check = {
  id: "port-80",
  group: "The way in",
  title: "Port 80 leads to the provider",
  problems: [closed, notRouted, redirected, foreign],
  applies: ({ challenge }) => challenge.type === "http-01",
  run: async (context) => {
    const { expected, wire } = context;
    const reply = await wire.challenge();
    const problem = problemOf(reply);
    const seen =
      "unreachable" in reply
        ? reply.unreachable
        : `${reply.status}${reply.location === undefined ? "" : ` to ${reply.location}`}`;
    const wanted = "502 or 503 from the cluster's entry while there is no challenge";
    if (problem === undefined) {
      return { found: [], seen };
    }
    const kind = problem === notRouted ? (await releasedRoute(context))?.kind : undefined;
    const command = kind === undefined ? {} : { command: describeRoute(kind, expected) };
    return { found: [found(problem, expected, { expected: wanted, seen, ...command })], seen };
  },
};

function problemOf(reply: Reply | Unreachable): Problem | undefined {
  if ("unreachable" in reply) {
    return closed;
  }
  const { status, body } = reply;
  if (status >= 500 || body.trim() === solverAnswer) {
    return undefined;
  }
  if (status >= 300 && status < 400) {
    return redirected;
  }
  return status === 404 ? notRouted : foreign;
}
