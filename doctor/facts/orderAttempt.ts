import { z } from "zod";

/** cert-manager's latest attempt to obtain a certificate, with the objects that exist. */
export interface OrderAttempt {
  readonly request: AttemptStep;
  /** The order at the CA; none if it was not or could not be created. */
  readonly order: AttemptStep | undefined;
  /** The challenges of the order. cert-manager deletes completed ones at the end of the order. */
  readonly challenges: readonly AttemptStep[];
}

/** A CertificateRequest, an Order or a Challenge. */
export interface AttemptStep {
  readonly name: string;
  /** The ACME state; empty before the first one, and for a CertificateRequest. */
  readonly state: string;
  /** cert-manager's message; empty if there is none. */
  readonly reason: string;
  readonly createdAt: Date;
}

const object = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.coerce.date(),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
  }),
  status: z
    .object({
      state: z.string().default(""),
      reason: z.string().default(""),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string().default(""),
            message: z.string().default(""),
          }),
        )
        .default([]),
    })
    .default({ state: "", reason: "", conditions: [] }),
});
const list = z.object({ items: z.array(object) });

/** Lists of cert-manager's objects in a namespace, as the API server returns them. */
export interface AttemptLists {
  readonly requests: unknown;
  readonly orders: unknown;
  readonly challenges: unknown;
}

/**
 * The latest attempt to obtain a certificate.
 *
 * @param certificate name of the Certificate
 */
export function latestAttempt(certificate: string, lists: AttemptLists): OrderAttempt | undefined {
  const of = (objects: unknown, kind: string, name: string) =>
    list
      .parse(objects)
      .items.filter(({ metadata }) =>
        metadata.ownerReferences.some((owner) => owner.kind === kind && owner.name === name),
      )
      .map(stepOf)
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const [request] = of(lists.requests, "Certificate", certificate);
  if (request === undefined) {
    return undefined;
  }
  const [order] = of(lists.orders, "CertificateRequest", request.name);
  const challenges = order === undefined ? [] : of(lists.challenges, "Order", order.name);
  return { request, order, challenges };
}

function stepOf({ metadata, status }: z.infer<typeof object>): AttemptStep {
  const { conditions } = status;
  const ready = conditions.find(({ type }) => type === "Ready")?.message ?? "";
  // Only this condition has the approver's reason.
  const denied = conditions.find((one) => one.type === "Denied" && one.status === "True");
  return {
    name: metadata.name,
    state: status.state,
    reason: status.reason || (denied === undefined ? ready : `${ready}: ${denied.message}`),
    createdAt: metadata.creationTimestamp,
  };
}
