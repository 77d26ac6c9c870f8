/** The rules by which the sandbox's entry handles the routes to a provider, without the API server. */

/** A route to a provider, an HTTPRoute or an Ingress, with the fields that the entry reads. */
export interface Route {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly generation?: number;
  };
  readonly spec?: {
    readonly hostnames?: readonly string[];
    readonly parentRefs?: readonly { readonly name: string; readonly namespace?: string }[];
    readonly rules?: readonly { readonly host?: string }[];
  };
  readonly status?: { readonly parents?: readonly ParentStatus[] };
}

/** The status that a Gateway's controller writes for a route that references the Gateway. */
export interface ParentStatus {
  readonly controllerName: string;
  readonly parentRef: object;
  readonly conditions: readonly { readonly type: string; readonly observedGeneration?: number }[];
}

/** Whether a route, HTTPRoute or Ingress, is for a host. */
export function isFor({ spec }: Route, host: string): boolean {
  const names = [...(spec?.hostnames ?? []), ...(spec?.rules ?? []).map((rule) => rule.host)];
  return names.includes(host);
}

/**
 * The status that a Gateway's controller writes into an HTTPRoute: each existing Gateway has accepted the route.
 * Undefined if the status is already there for this generation, or no referenced Gateway exists.
 *
 * @param gateways their names, as `namespace/name`
 */
export function acceptance(
  { metadata, spec, status }: Route,
  gateways: ReadonlySet<string>,
): readonly ParentStatus[] | undefined {
  const { namespace = "", generation = 0 } = metadata ?? {};
  const said = status?.parents?.flatMap(({ conditions }) => conditions) ?? [];
  if (said.some(({ observedGeneration }) => observedGeneration === generation)) {
    return undefined;
  }
  const parents = (spec?.parentRefs ?? []).filter((parent) =>
    gateways.has(`${parent.namespace ?? namespace}/${parent.name}`),
  );
  const condition = (type: string, reason: string) => ({
    type,
    status: "True",
    reason,
    message: "",
    observedGeneration: generation,
    lastTransitionTime: new Date().toISOString(),
  });
  return parents.length === 0
    ? undefined
    : parents.map((parentRef) => ({
        controllerName: "gateway.nginx.org/nginx-gateway-controller",
        parentRef,
        conditions: [condition("Accepted", "Accepted"), condition("ResolvedRefs", "ResolvedRefs")],
      }));
}
