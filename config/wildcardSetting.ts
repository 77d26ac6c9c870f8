import { z } from "zod";
import { defaultGatewayNamespace, defaultWildcardSecret } from "../chart/gateway.ts";
import { dnsLabel } from "../lib/names.ts";
import { domainName, matching } from "./forms.ts";

/** A host name, or all of one label below it. */
const certificateName = z
  .string()
  .refine(
    (name) => domainName("").safeParse(name.replace(/^\*\./, "")).success,
    "is not a host name, such as *.example.com",
  );

/** The certificate of the tenants' ingress, by who obtains it, and its options. */
export const wildcard = z.discriminatedUnion("issuer", [
  z.strictObject({
    issuer: z.literal("cert-manager").meta({
      description: "cert-manager, which the cluster has.",
      examples: ["cert-manager"],
    }),
    namespace: matching(dnsLabel, "is not a DNS label")
      .default(defaultGatewayNamespace)
      .meta({
        description: "Namespace of the certificate, where the Gateway reads it.",
        note: ", as in Akash's guides",
        examples: [defaultGatewayNamespace],
      }),
    secretName: matching(dnsLabel, "is not a DNS label")
      .default(defaultWildcardSecret)
      .meta({
        description: "Name of the Secret with the certificate.",
        note: ", as in Akash's guides",
        examples: [defaultWildcardSecret],
      }),
    names: z
      .array(certificateName)
      .default([])
      .meta({
        description:
          "Further names of the certificate, such as `*.example.com`, which Akash's guide has, too, and which covers the provider's host as well. They are in the zone of `dns`.",
        unset: "none",
        examples: [["*.example.com"]],
      }),
  }),
]);
