/** What the sandbox's entry does about the routes to a provider, without the API server. */

/** A route to a provider, an HTTPRoute or an Ingress, as far as the entry looks at it. */
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

/** What the controller of a Gateway says of a route that names it. */
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
 * What a Gateway's controller writes into an HTTPRoute: that each Gateway that is there has accepted it. Undefined where
 * it has said so of this generation already, or has nothing to say, as for a Gateway that is not there.
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
