import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check, Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { challengePort, type Reply, type Unreachable } from "../facts/wire.ts";
import { found, ifAvailable, type Problem } from "../finding.ts";
import { challengeRoute } from "./challengeRoute.ts";
import { closedOrUnreachable, insideAnswer, unreachableFromHere } from "./unreachableFromHere.ts";
import { askChallenge } from "./lookUp.ts";
import { releasedRoute, routeName } from "./routeOfChallenge.ts";
import { shell, type ShellText } from "../../lib/shell.ts";

const closed: Problem = {
  id: "port-80-closed",
  severity: "error",
  title: "Port 80 of the provider's host does not respond",
  why: "The CA sends HTTP-01 requests to port 80, from several places on the internet. The usual cause is a firewall or a router in front of the cluster.",
  command: askChallenge,
};

const hidden = unreachableFromHere(challengePort, (expected) => askChallenge(expected));

const notRouted: Problem = {
  id: "port-80-not-routed",
  severity: "error",
  title: "The cluster's ingress has no route for the provider's host",
  why: "Port 80 responds, but no HTTPRoute or Ingress routes it to the provider, so a challenge does not reach the provider.",
  // The kind of the chart's default; a cluster need not have both kinds.
  command: (expected) => describeRoute("HTTPRoute", expected),
};

function describeRoute(kind: string, expected: Expectation): ShellText {
  return kubectl(expected, shell`describe ${kind.toLowerCase()} ${routeName(expected)}`);
}

const redirected: Problem = {
  id: "port-80-redirected",
  severity: "warning",
  title: "Port 80 redirects the challenge",
  why: "The CA follows redirects to ports 80 and 443 only, and the server there may not be the provider.",
  command: askChallenge,
};

const foreign: Problem = {
  id: "port-80-foreign",
  severity: "warning",
  title: "A server other than the provider responds on port 80",
  why: "The provider responds on port 80 only during a challenge; at other times the ingress responds with 502 or 503.",
  command: askChallenge,
};

/** lego's response to a request that does not match its challenge (challenge/http01/http_challenge_server.go). */
const solverAnswer = "TEST";

/** Whether an HTTP-01 challenge would reach the provider. */
export const challengePath: Check = {
  id: "port-80",
  group: "DNS and ingress",
  title: "Port 80 routes to the provider",
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
    const wanted = "502 or 503 from the ingress outside of a challenge";
    if (problem === undefined) {
      return { found: [], seen };
    }
    if (problem === closed) {
      const evidence = { expected: wanted, seen };
      const finding = await closedOrUnreachable(context, [closed, hidden], evidence, () =>
        insideRoute(context),
      );
      return { found: [finding], seen };
    }
    const kind = problem === notRouted ? (await releasedRoute(context))?.kind : undefined;
    const command = kind === undefined ? {} : { command: describeRoute(kind, expected) };
    return { found: [found(problem, expected, { expected: wanted, seen, ...command })], seen };
  },
};

/** The route of a challenge inside the cluster: the ingress controller has accepted it, and the pod responds. */
async function insideRoute(context: Context): Promise<string | undefined> {
  const route = await ifAvailable(challengeRoute.run(context));
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
