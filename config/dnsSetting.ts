import { z } from "zod";
import { providedProofTimeout, defaultProofTimeout, firstRotation } from "../dns/defaults.ts";
import { defaultDnsRole, isRoleName, roleForms } from "../dns/googleCloud/permissions.ts";
import { keyFileProblems } from "../dns/googleCloud/keyFile.ts";
import { momentInFile, momentInUtc } from "../lib/moments.ts";
import { domainName, matching, positive } from "./forms.ts";

/** https://cloud.google.com/resource-manager/docs/creating-managing-projects */
const googleProject = /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

const proofTimeout = positive.optional().meta({
  description: "How long the proof waits until a new credential works everywhere, in seconds.",
  unset: `${defaultProofTimeout}, since Google mostly takes 1 minute and up to 7; ${providedProofTimeout} for a credential that you provide`,
  examples: [600],
});

const rotation = z
  .union([z.string().min(1), z.number()])
  // Quotes in the stack's file, or another form of the same moment, must not replace the credential.
  .transform((value) => momentInFile(String(value)))
  .prefault(firstRotation)
  .meta({
    description:
      "Any text, such as a month; when it changes, a new credential replaces the present one.",
    examples: ["2026-11"],
  });

const noMoment = "is not a date and time such as 2027-01-31T00:00:00Z";

const maxAgeDays = positive.prefault(90).meta({
  description: "After how many days `preview` and `up` warn that the credential is old.",
  examples: [180],
});

const provider = <Name extends string>(name: Name, description: string) =>
  z.literal(name).meta({ description, examples: [name] });

/** The DNS provider of `dns-01`, and its options. */
export const dns = z.discriminatedUnion("provider", [
  z.strictObject({
    provider: provider("googleCloud", "Google Cloud DNS."),
    proofTimeout,
    rotation,
    maxAgeDays,
    project: matching(googleProject, "is not a project id").meta({
      description:
        "Project id of the managed zone, and of the service account that is created for it.",
      examples: ["my-project"],
    }),
    zone: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Name of the managed zone.",
        unset: "the public zone of the project that contains the host",
        examples: ["example-com"],
      }),
    grant: z
      .enum(["zone", "project"])
      .default("zone")
      .meta({
        description: "Where `dns.role` is granted.",
        note: "; `project` covers every zone of the project",
        examples: ["project"],
      }),
    role: z
      .string()
      .refine(isRoleName, `is not one of ${roleForms}`)
      .default(defaultDnsRole)
      .meta({
        description:
          "Role of the created service account: a predefined role, or a custom role with the permissions that docs/security.md lists.",
        note: ", which also permits deleting the zone",
        examples: [defaultDnsRole],
      }),
    serviceAccountKey: z
      .string()
      .refine((content) => keyFileProblems(content).length === 0, {
        error: ({ input }) =>
          `is not a service account's key file (wrong: ${keyFileProblems(String(input)).join(", ")})`,
      })
      .optional()
      .meta({
        description: "Key file of a service account that you provide, instead of a created one.",
        secret: true,
        file: "service-account.json",
      }),
    workloadIdentity: z
      .email("is not the e-mail address of a service account")
      .optional()
      .meta({
        description:
          "E-mail of a Google service account that the pod acts as on GKE (Workload Identity): no key, no Secret.",
        examples: ["akash-dns@my-project.iam.gserviceaccount.com"],
      }),
  }),
  z.strictObject({
    provider: provider("cloudflare", "Cloudflare DNS."),
    proofTimeout,
    rotation,
    maxAgeDays,
    zone: domainName("is not a zone name").meta({
      description: "Name of the zone, such as `example.com`.",
      examples: ["example.com"],
    }),
    zoneId: matching(/^[0-9a-f]{32}$/, "is not a zone id of 32 hex digits")
      .optional()
      .meta({
        description:
          "Id of the zone, where several accounts have a zone of the name; it does not affect who owns the token.",
        unset: "the active zone of the name, if there is only one",
        examples: ["fedcba9876543210fedcba9876543210"],
      }),
    accountId: matching(/^[0-9a-f]{32}$/, "is not an account id of 32 hex digits")
      .optional()
      .meta({
        description:
          "Account id; with it, the token belongs to the account instead of the user that runs Pulumi.",
        examples: ["0123456789abcdef0123456789abcdef"],
      }),
    expiresOn: matching(/^\d{4}-\d\d-\d\d([Tt ]|$)/, noMoment)
      .transform(momentInUtc)
      .pipe(
        z.iso
          .datetime(noMoment)
          .refine((moment) => Date.parse(moment) > Date.now(), "is in the past"),
      )
      .optional()
      .meta({
        description: "When the token expires, in RFC 3339 form.",
        unset: "none",
        examples: ["2027-01-31T00:00:00Z"],
      }),
    allowedIps: z
      .array(z.union([z.cidrv4(), z.cidrv6()], "is not a range such as 192.0.2.7/32"))
      .min(1, "is empty")
      .optional()
      .meta({
        description:
          "IP ranges (CIDR) that may use the token; include the machine that runs Pulumi, which proves the token.",
        unset: "any",
        examples: [["192.0.2.7/32"]],
      }),
    apiToken: matching(/\S/, "is empty").optional().meta({
      description: "A token that you provide, instead of a created one.",
      secret: true,
    }),
  }),
]);
