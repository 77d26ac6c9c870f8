import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check, Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { challengePort, type Reply, type Unreachable } from "../facts/wire.ts";
import { found, ifSeen, type Problem } from "../finding.ts";
import { challengeRoute } from "./challengeRoute.ts";
import { closedOrUnseen, insideAnswer, unseen } from "./notSeenFromHere.ts";
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

const hidden = unseen(challengePort, (expected) => askChallenge(expected));

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
  problems: [closed, hidden, notRouted, redirected, foreign],
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
    if (problem === closed) {
      const sighting = { expected: wanted, seen };
      const finding = await closedOrUnseen(context, [closed, hidden], sighting, () =>
        insideWay(context),
      );
      return { found: [finding], seen };
    }
    const kind = problem === notRouted ? (await releasedRoute(context))?.kind : undefined;
    const command = kind === undefined ? {} : { command: describeRoute(kind, expected) };
    return { found: [found(problem, expected, { expected: wanted, seen, ...command })], seen };
  },
};

/** The way of a challenge inside the cluster: the entry's controller has taken the route, and the pod answers. */
async function insideWay(context: Context): Promise<string | undefined> {
  const route = await ifSeen(challengeRoute.run(context));
  const pod = await insideAnswer(context);
  return route === undefined || route.found.length > 0 || pod === undefined
    ? undefined
    : `the route is ${route.seen}, and ${pod}`;
}

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
