import { z } from "zod";

/** An order that cert-manager has placed and that the CA has fulfilled. */
export interface CertificateOrder {
  readonly names: readonly string[];
  /** URL of the order, at its CA. */
  readonly url: string;
  readonly createdAt: Date;
}

const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ creationTimestamp: z.coerce.date() }),
      spec: z.object({ dnsNames: z.array(z.string()).default([]) }),
      status: z.object({ state: z.string().default(""), url: z.string().default("") }).optional(),
    }),
  ),
});

/** cert-manager's resource for its orders (https://cert-manager.io/docs/reference/api-docs/#acme.cert-manager.io/v1.Order). */
export const orderResource = {
  group: "acme.cert-manager.io",
  version: "v1",
  plural: "orders",
} as const;

/** Reads the fulfilled orders from a list of cert-manager's Orders. */
export function readOrders(objects: unknown): CertificateOrder[] {
  return list
    .parse(objects)
    .items.filter(({ status }) => status?.state === "valid")
    .map(({ metadata, spec, status }) => ({
      names: spec.dnsNames,
      url: status?.url ?? "",
      createdAt: metadata.creationTimestamp,
    }));
}
