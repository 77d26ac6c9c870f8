import { z } from "zod";
import { defaultGatewayNamespace, defaultWildcardSecret } from "../chart/gateway.ts";
import { dnsLabel } from "../lib/names.ts";
import { domainName, matching } from "./forms.ts";

/** A host name, or a wildcard for one label below it. */
const certificateName = z
  .string()
  .refine(
    (name) => domainName("").safeParse(name.replace(/^\*\./, "")).success,
    "is not a host name, such as *.example.com",
  );

/** The certificate of the tenants' ingress: its issuer and its options. */
export const wildcard = z.discriminatedUnion("issuer", [
  z.strictObject({
    issuer: z.literal("cert-manager").meta({
      description: "cert-manager in the cluster.",
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
          "Further names of the certificate, in the zone of `dns`. `*.example.com`, as in Akash's guide, also covers the provider's host.",
        unset: "none",
        examples: [["*.example.com"]],
      }),
  }),
]);
