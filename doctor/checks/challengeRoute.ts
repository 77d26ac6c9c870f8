import { z } from "zod";
import type { KubernetesObject } from "../../chart/manifest.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check, Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, NotAvailable, type Finding, type Problem } from "../finding.ts";
import { releasedRoute, routeName } from "./routeOfChallenge.ts";
import { shell } from "../../lib/shell.ts";

const notAccepted: Problem = {
  id: "route-not-accepted",
  severity: "error",
  title: "The Gateway has not accepted the challenge's route",
  why: "Port 80 of the Gateway does not route to the provider until the route is accepted. The Gateway needs an HTTP listener that allows routes from the provider's namespace, and a running controller.",
  command: (expected) => kubectl(expected, shell`describe httproute ${routeName(expected)}`),
};

const unresolved: Problem = {
  id: "route-unresolved",
  severity: "error",
  title: "The Gateway cannot resolve the backend of the challenge's route",
  why: "The Gateway responds with an error until the Service exists.",
  command: (expected) => kubectl(expected, shell`get service ${expected.names.fullname}`),
};

const noClass: Problem = {
  id: "ingress-class-missing",
  severity: "error",
  title: "The IngressClass of the challenge's Ingress is missing",
  why: "No controller serves the Ingress, so port 80 does not route to the provider.",
  command: ({ kubeContext, kubeconfig }) =>
    kubectl({ kubeContext, kubeconfig }, shell`get ingressclasses`),
};

const noAddress: Problem = {
  id: "ingress-without-address",
  severity: "warning",
  title: "The challenge's Ingress has no address",
  why: "The controller writes an address to the Ingress once it serves the Ingress. The controller may not be running, or may be configured not to publish addresses.",
  command: (expected) => kubectl(expected, shell`describe ingress ${routeName(expected)}`),
};

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
  observedGeneration: z.number().optional(),
});
const parent = z.object({ name: z.string(), namespace: z.string().optional() });

/** An HTTPRoute with the status that each Gateway's controller reports (gateway-api.sigs.k8s.io/reference/spec). */
const httpRoute = z.object({
  metadata: z.object({ generation: z.number().default(0) }).prefault({}),
  spec: z.object({ parentRefs: z.array(parent).default([]) }),
  status: z
    .object({
      parents: z
        .array(z.object({ parentRef: parent, conditions: z.array(condition).default([]) }))
        .default([]),
    })
    .default({ parents: [] }),
});
type HttpRoute = z.output<typeof httpRoute>;

const ingress = z.object({
  spec: z.object({ ingressClassName: z.string().optional() }),
  status: z
    .object({ loadBalancer: z.object({ ingress: z.array(z.unknown()).default([]) }).optional() })
    .optional(),
});

/** Whether the ingress controller serves the route of HTTP-01. */
export const challengeRoute: Check = {
  id: "route",
  group: "DNS and ingress",
  title: "The cluster's ingress serves the challenge's route",
  problems: [notAccepted, unresolved, noClass, noAddress],
  applies: ({ challenge }) => challenge.type === "http-01",
  run: async (context) => {
    const { expected, cluster } = context;
    const route = await releasedRoute(context);
    if (route === undefined) {
      return { found: [], seen: "the release has no route" };
    }
    const live = await cluster.live(route);
    if (live === undefined) {
      // The check of drift reports this.
      throw new NotAvailable(`${route.kind ?? ""} ${routeName(expected)} is missing`);
    }
    return route.kind === "Ingress"
      ? ofIngress(live, context)
      : ofHttpRoute(httpRoute.parse(live), expected);
  },
};

function ofHttpRoute({ metadata, spec, status }: HttpRoute, expected: Expectation) {
  const findings = spec.parentRefs.flatMap((gateway): Finding[] => {
    const full = fullName(gateway, expected);
    const reported = status.parents
      .filter(({ parentRef }) => fullName(parentRef, expected) === full)
      .flatMap(({ conditions }) => conditions);
    // A condition of an older generation does not describe the present route.
    const conditions = reported.filter(
      ({ observedGeneration }) => (observedGeneration ?? Infinity) >= metadata.generation,
    );
    const problem = (of: Problem, type: string): Finding[] => {
      const is = conditions.find((condition) => condition.type === type);
      if (is?.status === "True") {
        return [];
      }
      const seen =
        is === undefined
          ? `no status from its controller${reported.length > 0 ? " since the route was changed" : ""}`
          : [`${type} ${is.status}`, is.reason, is.message].filter(Boolean).join(", ");
      return [found(of, expected, { subject: full, expected: `${type} by ${full}`, seen })];
    };
    const refused = problem(notAccepted, "Accepted");
    return refused.length > 0 ? refused : problem(unresolved, "ResolvedRefs");
  });
  const names = spec.parentRefs.map((gateway) => fullName(gateway, expected));
  return { found: findings, seen: `accepted by ${names.join(", ")}` };
}

function fullName({ namespace, name }: z.output<typeof parent>, expected: Expectation): string {
  return `${namespace ?? expected.namespace}/${name}`;
}

async function ofIngress(live: KubernetesObject, { expected, cluster }: Context) {
  const { spec, status } = ingress.parse(live);
  const name = spec.ingressClassName;
  const kind = { apiVersion: "networking.k8s.io/v1", kind: "IngressClass" };
  const present =
    name === undefined ? undefined : await cluster.live({ ...kind, metadata: { name } });
  if (name !== undefined && present === undefined) {
    const evidence = { expected: `an IngressClass ${name}`, seen: "missing" };
    return { seen: "", found: [found(noClass, expected, evidence)] };
  }
  const served = (status?.loadBalancer?.ingress ?? []).length > 0;
  const seen = name === undefined ? "of the default class" : `of class ${name}`;
  return {
    seen,
    found: served
      ? []
      : [found(noAddress, expected, { expected: "an address in its status", seen: "none" })],
  };
}
