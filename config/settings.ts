import { satisfies, valid } from "semver";
import { z } from "zod";
import { letsEncryptDirectory } from "./environment.ts";
import {
  chartRepository,
  chartVersion,
  defaultMaxHistory,
  defaultNamespace,
  defaultReleaseName,
  defaultTimeout,
  isSafeChartSource,
  providerHost,
} from "../chart/release.ts";
import { supportedChartVersions } from "../chart/repairs.ts";
import { dnsLabel } from "../lib/names.ts";
import { decimalText } from "../lib/numbers.ts";
import { acceptableSettings } from "./accepted.ts";
import { dns } from "./dnsSetting.ts";
import { domainName, matching, optionalText, url, wholeNumber } from "./forms.ts";
import { wildcard } from "./wildcardSetting.ts";

const goDuration = /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/;
const coin = /^\d+[a-z][a-z0-9/]{2,127}$/;
const akashAddress = /^akash1[02-9ac-hj-np-z]{38}$/;
/** The provider skips the text of an export's prompt before the armor (golang.org/x/crypto/openpgp/armor, Decode). */
const keyArmour =
  /^(?:[^]*\n)?\s*-----BEGIN TENDERMINT PRIVATE KEY-----\r?\n[^]+\n-----END TENDERMINT PRIVATE KEY-----\s*$/;

/** The chart writes attributes into a YAML file without quotes (scripts/create_provider.sh). */
const plainYaml = z
  .string()
  .regex(
    /^[\w./*@+-]+$/,
    "has characters that the chart cannot write (other than letters, digits and _ . / * @ + -)",
  );

const attributeValue = z
  .string()
  .regex(
    /^(?!.*(: | #))[^\s"'`$\\#:{}[\],&!|>%][^"'`$\\\n]*$/,
    "has characters that the chart cannot write",
  );

const attribute = z.strictObject({
  key: plainYaml.meta({ description: "Name of the attribute.", examples: ["region"] }),
  value: z
    .union([z.string(), z.boolean(), z.number().transform(decimalText)])
    .transform(String)
    .pipe(attributeValue)
    .meta({ description: "Value of the attribute.", examples: ["us-east"] }),
});

const gatewayName = z
  .string()
  .min(1)
  .optional()
  .meta({
    description: "Name of the Gateway.",
    unset: "the chart's, `akash-gateway`",
    examples: ["akash-gateway"],
  });

const ingress = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("gateway-api").meta({
      description: "A Gateway routes to the provider through an HTTPRoute.",
      examples: ["gateway-api"],
    }),
    gatewayName,
    gatewayNamespace: gatewayName.meta({ description: "Namespace of the Gateway." }),
  }),
  z.strictObject({
    mode: z.literal("ingress").meta({
      description: "An Ingress routes to the provider.",
      examples: ["ingress"],
    }),
    className: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Class of the Ingress.",
        unset: "the chart's, `akash-ingress-class`",
        examples: ["nginx"],
      }),
  }),
]);

const priceTarget = optionalText("is empty").meta({
  description:
    "Price targets of the bid price script. They have no effect without `bidPriceScript`.",
  unset: "none",
  examples: ["1.60"],
});

/**
 * Every setting of a stack: its form and its metadata. A setting with a name from the chart's `provider.yaml` has the same
 * meaning as there.
 */
export const settings = {
  from: matching(akashAddress, "is not an Akash address (akash1 and 38 more characters)").meta({
    description: "Address of the provider's account (`akash1…`).",
    note: ": it signs the provider's transactions",
    examples: ["akash1…"],
  }),
  walletKey: matching(
    keyArmour,
    "is not the armored text of an exported key (it begins with -----BEGIN TENDERMINT PRIVATE KEY----- and must not be encoded)",
  ).meta({
    description:
      "Wallet key as `provider-services keys export` prints it, including the armor; the program encodes it. Form: text that begins with `-----BEGIN TENDERMINT PRIVATE KEY-----`.",
    secret: true,
    file: "wallet.key",
  }),
  walletPassword: z.string().min(1, "is empty").meta({
    description: "Password with which the wallet key was exported.",
    secret: true,
  }),
  domain: domainName("is not a host name in lower case, such as example.com")
    .regex(/^(?!provider\.)/, "begins with provider., which the chart adds itself")
    .meta({
      description: `Domain of the provider, without \`provider.\`: the certificate is for \`${providerHost("<domain>")}\`.`,
      examples: ["example.com"],
    }),
  email: z.email("is not an e-mail address").meta({
    description:
      "E-mail address for the Let's Encrypt account and the provider's entry on the chain.",
    note: " by the issuer",
    examples: ["you@example.com"],
  }),
  website: url("is not an http(s) URL")
    .optional()
    .meta({
      description: "Website in the provider's entry on the chain.",
      unset: "none",
      examples: ["https://example.com"],
    }),
  node: url("is not an http(s) URL")
    .optional()
    .meta({
      description: "RPC node of the network, an http(s) URL.",
      unset: "the chart's",
      examples: ["https://rpc.example.com:443"],
    }),
  chainid: matching(/^[\w.-]+$/, "is not a chain id")
    .optional()
    .meta({
      description: "Chain id of the network.",
      unset: "the chart's, the main network",
      examples: ["akashnet-2"],
    }),
  withdrawalperiod: matching(goDuration, "is not a duration such as 12h")
    .optional()
    .meta({
      description: "How often earnings are withdrawn, a Go duration.",
      unset: "the chart's",
      examples: ["12h"],
    }),
  bidmindeposit: matching(coin, "is not an amount with its denomination, such as 5000000uakt")
    .optional()
    .meta({
      description: "Smallest deposit of a bid, amount and denomination.",
      unset: "the chart's",
      examples: ["5000000uakt"],
    }),
  attributes: z
    .array(attribute)
    .default([])
    .meta({
      description: "Attributes of the provider, a list of `key` and `value`.",
      unset: "none",
      examples: [[{ key: "region", value: "us-east" }]],
    }),
  price_target_cpu: priceTarget,
  price_target_memory: priceTarget,
  price_target_hd_ephemeral: priceTarget,
  price_target_hd_pers_hdd: priceTarget,
  price_target_hd_pers_ssd: priceTarget,
  price_target_hd_pers_nvme: priceTarget,
  price_target_endpoint: priceTarget,
  price_target_ip: priceTarget,
  price_target_gpu_mappings: priceTarget.meta({ examples: ["rtx4000=80"] }),
  bidPriceScript: optionalText("is empty").meta({
    description: "File with the bid price script, relative to the project; the program encodes it.",
    unset: "none, the scale strategy",
    examples: ["price_script.sh"],
  }),
  acmeDirectory: z
    .string()
    .min(1, "is empty; the provider would use Let's Encrypt staging")
    .transform((text) =>
      text === "staging" || text === "production" ? letsEncryptDirectory[text] : text,
    )
    .pipe(url("is neither staging, production nor an https URL", ["https:"]))
    .optional()
    .meta({
      description:
        "ACME directory: `staging` or `production` of Let's Encrypt, or a directory URL.",
      unset: "from the stack's name; required where the name indicates neither",
      examples: ["staging", "production"],
    }),
  allowOtherDirectory: z
    .enum(["true", "false"], "is neither true nor false")
    .default("false")
    .transform((text) => text === "true")
    .meta({
      description:
        "Allows a staging stack to use the production directory, or a production stack the staging directory.",
      examples: ["true"],
    }),
  challenge: z
    .enum(["http-01", "dns-01"], "is neither http-01 nor dns-01")
    .default("http-01")
    .meta({
      description: "How the domain is validated: `http-01` or `dns-01`.",
      note: ", which needs no credential",
      examples: ["dns-01"],
    }),
  dns: dns.optional().meta({
    description:
      "DNS provider of `dns-01` and of `wildcard`: `provider` is `googleCloud` or `cloudflare`, with its options.",
    examples: [
      { provider: "googleCloud", project: "my-project" },
      { provider: "cloudflare", zone: "example.com" },
    ],
  }),
  wildcard: wildcard.optional().meta({
    description:
      "The certificate of the tenants' ingress, `*.ingress.<domain>`, from cert-manager with the credential of `dns` (docs/wildcard.md).",
    unset: "none",
    examples: [{ issuer: "cert-manager" }],
  }),
  storageClass: optionalText("is empty").meta({
    description: "Storage class of the home volume.",
    unset:
      "the class of the persistent storage in `attributes`, which the chart always prefers, else the chart's local class",
    examples: ["beta3"],
  }),
  ingress: ingress.default({ mode: "gateway-api" }).meta({
    description: "How port 80 reaches the provider: `mode` is `gateway-api` or `ingress`.",
    note: ", as in the chart",
    examples: [{ mode: "gateway-api" }, { mode: "ingress", className: "nginx" }],
  }),
  namespace: matching(dnsLabel, "is not a DNS label")
    .default(defaultNamespace)
    .meta({
      description: "Namespace of the release; created when it does not exist, never deleted.",
      note: ", as in Akash's guides",
      examples: [defaultNamespace],
    }),
  releaseName: matching(dnsLabel, "is not a DNS label")
    .max(53, "is longer than Helm's 53 characters")
    .default(defaultReleaseName)
    .meta({
      description: "Name of the Helm release.",
      note: ", as in Akash's guides",
      examples: [defaultReleaseName],
    }),
  chart: z
    .string()
    .min(1, "is empty")
    .regex(
      /^(?!\/|~|file:|[A-Za-z]:\\)/,
      "is an absolute path, which another machine would treat as a change",
    )
    .regex(
      /^(https?:\/\/(?!.*\.tgz$)|oci:\/\/|\.{1,2}\/|\/|~|file:)/,
      `is neither a repository URL (${chartRepository}), nor oci://…, nor a path that begins with ./`,
    )
    .refine(isSafeChartSource, {
      error:
        "is a repository without TLS: an attacker on the network could replace the chart; use https://",
    })
    .regex(
      /^(?!oci:.*@)|@sha256:[0-9a-f]{64}$/,
      "has an @ without a digest (sha256: and 64 hex digits) after it",
    )
    .default(chartRepository)
    .meta({
      description:
        "Source of the chart: a repository URL, an `oci://` reference (`@sha256:…` at its end pins the chart), or a folder or archive relative to the project.",
      examples: [chartRepository],
    }),
  chartVersion: z
    .string()
    .refine((version) => valid(version) !== null, "is not a semantic version")
    .refine(
      (version) =>
        valid(version) === null ||
        satisfies(version, supportedChartVersions, { includePrerelease: true }),
      `is not a version that the repairs support (${supportedChartVersions})`,
    )
    .default(chartVersion)
    .meta({
      description: "Version of the chart.",
      note: ", the version that the repairs are tested with",
      examples: [chartVersion],
    }),
  timeout: wholeNumber("is not a whole number of seconds")
    .prefault(String(defaultTimeout))
    .meta({
      description: "How long Helm waits for the pod to become ready, in seconds.",
      note: ": the first start imports the key and signs transactions",
      examples: [String(defaultTimeout)],
    }),
  maxHistory: wholeNumber("is not a whole number")
    .prefault(String(defaultMaxHistory))
    .meta({
      description: "How many revisions Helm keeps.",
      note: ": enough to roll back, without keeping every setting ever used",
      examples: [String(defaultMaxHistory)],
    }),
  kubeContext: optionalText("is empty").meta({
    description: "Context of the kubeconfig; `kubernetes:context` is another name for it.",
    unset: "the current context",
    examples: ["prod"],
  }),
  accept: z
    .array(z.enum(acceptableSettings, "is not a setting whose refusal can be a warning"))
    .default([])
    .meta({
      description:
        "Names of settings whose refusal is a warning in this stack. `npm run adopt` writes it for a provider that runs with such values. A value that would lose something or break the run is always refused.",
      unset: "none",
      examples: [["website"]],
    }),
  values: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({
      description: "Further chart values, merged last, for values without their own setting.",
      unset: "none",
      examples: [{ image: { tag: "0.16.2" } }],
    }),
} satisfies Record<string, z.ZodType>;

/** The name of a setting. */
export type SettingName = keyof typeof settings;
/** The validated values of all settings. */
export type Settings = {
  readonly [Name in SettingName]: z.output<(typeof settings)[Name]>;
};

/** The DNS provider of a stack under DNS-01, and its options. */
export type DnsConfig = z.output<typeof dns>;
