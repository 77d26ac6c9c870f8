import { satisfies, valid } from "semver";
import { z } from "zod";
import {
  chartRepository,
  chartVersion,
  defaultNamespace,
  defaultReleaseName,
} from "../chart/release.ts";
import { supportedChartVersions } from "../chart/repairs.ts";
import { keyFileProblems } from "../dns/googleCloud/keyFile.ts";

/** The directory URLs of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/). */
export const letsEncryptDirectory = {
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
  production: "https://acme-v02.api.letsencrypt.org/directory",
} as const;

/** A DNS name of at least two labels (RFC 1123, section 2.1), in lower case as Kubernetes asks for it. */
const hostName =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const goDuration = /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/;
const coin = /^\d+[a-z][a-z0-9/]{2,127}$/;
/** https://cloud.google.com/resource-manager/docs/creating-managing-projects */
const googleProject = /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const akashAddress = /^akash1[02-9ac-hj-np-z]{38}$/;
const keyArmour =
  /^\s*-----BEGIN TENDERMINT PRIVATE KEY-----\r?\n[^]+\n-----END TENDERMINT PRIVATE KEY-----\s*$/;

const optionalText = (problem: string) => z.string().min(1, problem).optional();
const matching = (pattern: RegExp, problem: string) => z.string().regex(pattern, problem);
const wholeNumber = (problem: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, problem)
    .transform(Number);

/** The chart puts values into YAML and shell scripts as they are (templates/configmap-main.yaml, scripts/run.sh). */
const unsafeInChart = /[\s"'`$\\]/;

const url = (problem: string, protocols: readonly string[] = ["http:", "https:"]) =>
  z
    .string()
    .refine(
      (text) => !unsafeInChart.test(text) && protocols.includes(URL.parse(text)?.protocol ?? ""),
      problem,
    );

/** The chart writes attributes into a file of YAML without quotes (scripts/create_provider.sh). */
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
  key: plainYaml,
  value: z.union([z.string(), z.boolean(), z.number()]).transform(String).pipe(attributeValue),
});

const positive = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,6}$/)
        .transform(Number),
    ],
    "is not a whole number",
  )
  .pipe(
    z.number("is not a whole number").int("is not a whole number").positive("is not above zero"),
  );

/** How long the proof waits until a new credential works everywhere, in seconds. Default 480: at Google it is mostly one minute and up to 7, at Cloudflare seconds. */
const proofTimeout = positive.default(480);

/** Any text, such as a month; when it changes, the credential is replaced by a new one. Default `first`. */
const rotation = z
  .union([z.string().min(1), z.number()])
  .transform(String)
  .default("first");

/** After how many days `preview` and `up` warn that the credential is old. Default 90. */
const maxAgeDays = positive.default(90);

const dns = z.discriminatedUnion("provider", [
  z.strictObject({
    provider: z.literal("googleCloud"),
    proofTimeout,
    rotation,
    maxAgeDays,
    /** Project id of the managed zone, and of the service account that is made for it. */
    project: matching(googleProject, "is not a project id"),
    /** Name of the managed zone. Default: the public zone of the project that contains the host. */
    zone: z.string().min(1).optional(),
    /** Where `roles/dns.admin` is granted. Default `zone`; `project` reaches every zone of the project. */
    grant: z.enum(["zone", "project"]).default("zone"),
    /** Key file of a service account of your own, instead of one that is made. Secret. */
    serviceAccountKey: z
      .string()
      .refine(
        (content) => keyFileProblems(content).length === 0,
        "is not a service account's key file",
      )
      .optional(),
    /** E-mail of a Google service account that the pod acts as on GKE (Workload Identity): no key, no Secret. */
    workloadIdentity: z.email("is not the e-mail address of a service account").optional(),
  }),
  z.strictObject({
    provider: z.literal("cloudflare"),
    proofTimeout,
    rotation,
    maxAgeDays,
    /** Name of the zone, such as `example.com`. */
    zone: matching(hostName, "is not a zone name"),
    /** Account id; given, the token belongs to the account instead of to the user who runs Pulumi. */
    accountId: matching(/^[0-9a-f]{32}$/, "is not an account id of 32 hex digits").optional(),
    /** Last moment of the token's life, in RFC 3339 form. Default: none. */
    expiresOn: z.iso
      .datetime("is not a moment such as 2027-01-31T00:00:00Z")
      .refine((moment) => Date.parse(moment) > Date.now(), "is in the past")
      .optional(),
    /**
     * IP ranges (CIDR) that may use the token, the machine that runs Pulumi among them, since it proves the token.
     * Default: any.
     */
    allowedIps: z
      .array(z.union([z.cidrv4(), z.cidrv6()], "is not a range such as 192.0.2.7/32"))
      .min(1, "is empty")
      .optional(),
    /** A token of your own, instead of one that is made. Secret. */
    apiToken: matching(/\S/, "is empty").optional(),
  }),
]);

const ingress = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("gateway-api"),
    /** Default: the chart's, `akash-gateway`. */
    gatewayName: z.string().min(1).optional(),
    /** Default: the chart's, `akash-gateway`. */
    gatewayNamespace: z.string().min(1).optional(),
  }),
  z.strictObject({
    mode: z.literal("ingress"),
    /** Default: the chart's, `akash-ingress-class`. */
    className: z.string().min(1).optional(),
  }),
]);

/** One setting of a stack. */
interface Setting<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** What follows `pulumi config set` in the command that mends it. */
  readonly example: string;
  /** The value is an object or a list, which Pulumi hands over as JSON. */
  readonly structured?: true;
}

/** A setting whatever its values are. */
export type AnySetting = Setting<z.ZodType>;

const setting = <Schema extends z.ZodType>(
  schema: Schema,
  example: string,
  options: Omit<Setting<Schema>, "schema" | "example"> = {},
): Setting<Schema> => ({ schema, example, ...options });

const priceTarget = setting(optionalText("is empty"), "price_target_cpu 1.60");

/** Every setting of a stack. Those named as in the chart's `provider.yaml` mean the same as there. */
export const settings = {
  /** Address of the provider's account (`akash1…`). Required: it signs the provider's transactions. */
  from: setting(
    matching(akashAddress, "is not an Akash address (akash1 and 38 more characters)"),
    "from akash1…",
  ),
  /**
   * Wallet key as `provider-services keys export` prints it, armour and all; the program encodes it. Secret, required.
   * Form: text that begins with `-----BEGIN TENDERMINT PRIVATE KEY-----`.
   */
  walletKey: setting(
    matching(
      keyArmour,
      "is not the armour text of an exported key (it begins with -----BEGIN TENDERMINT PRIVATE KEY----- and must not be encoded)",
    ),
    "--secret walletKey < wallet.key",
  ),
  /** Password with which the wallet key was exported. Secret, required. */
  walletPassword: setting(z.string().min(1, "is empty"), "--secret walletPassword"),
  /** Domain of the provider, without `provider.`: the certificate is for `provider.<domain>`. Required. */
  domain: setting(
    matching(hostName, "is not a host name in lower case, such as example.com").refine(
      (name) => !name.startsWith("provider."),
      "begins with provider., which the chart puts in front itself",
    ),
    "domain example.com",
  ),
  /** E-mail address for the Let's Encrypt account and the provider's entry on the chain. Required by the issuer. */
  email: setting(z.email("is not an e-mail address"), "email you@example.com"),
  /** Website in the provider's entry on the chain. Default: none. */
  website: setting(url("is not an http(s) URL").optional(), "website https://example.com"),
  /** RPC node of the network, an http(s) URL. Default: the chart's. */
  node: setting(url("is not an http(s) URL").optional(), "node https://rpc.example.com:443"),
  /** Chain id of the network. Default: the chart's, the main network. */
  chainid: setting(matching(/^[\w.-]+$/, "is not a chain id").optional(), "chainid akashnet-2"),
  /** How often earnings are withdrawn, a Go duration. Default: the chart's. */
  withdrawalperiod: setting(
    matching(goDuration, "is not a duration such as 12h").optional(),
    "withdrawalperiod 12h",
  ),
  /** Smallest deposit of a bid, amount and denomination. Default: the chart's. */
  bidmindeposit: setting(
    matching(coin, "is not an amount with its denomination, such as 5000000uakt").optional(),
    "bidmindeposit 5000000uakt",
  ),
  /** Attributes of the provider, a list of `key` and `value`. Default: none. */
  attributes: setting(z.array(attribute).default([]), "--path 'attributes[0].key' region", {
    structured: true,
  }),
  /** Price targets of the bid price script. They count only together with `bidPriceScript`. Default: none. */
  price_target_cpu: priceTarget,
  price_target_memory: priceTarget,
  price_target_hd_ephemeral: priceTarget,
  price_target_hd_pers_hdd: priceTarget,
  price_target_hd_pers_ssd: priceTarget,
  price_target_hd_pers_nvme: priceTarget,
  price_target_endpoint: priceTarget,
  price_target_ip: priceTarget,
  price_target_gpu_mappings: priceTarget,
  /** File with the bid price script, relative to the project; the program encodes it. Default: none, the scale strategy. */
  bidPriceScript: setting(optionalText("is empty"), "bidPriceScript price_script.sh"),
  /**
   * ACME directory: `staging` or `production` of Let's Encrypt, or a directory URL. Default: after the stack's name;
   * required where the name says neither.
   */
  acmeDirectory: setting(
    z
      .string()
      .min(1, "is empty, which the provider would take for Let's Encrypt staging")
      .transform((text) =>
        text === "staging" || text === "production" ? letsEncryptDirectory[text] : text,
      )
      .pipe(url("is neither staging, production nor an https URL", ["https:"]))
      .optional(),
    "acmeDirectory staging",
  ),
  /** Says that a staging stack is to use the production directory, or a production stack staging's. Default `false`. */
  allowOtherDirectory: setting(
    z
      .enum(["true", "false"], "is neither true nor false")
      .default("false")
      .transform((text) => text === "true"),
    "allowOtherDirectory true",
  ),
  /** How the domain is validated: `http-01` or `dns-01`. Default `http-01`, which needs no credential. */
  challenge: setting(
    z.enum(["http-01", "dns-01"], "is neither http-01 nor dns-01").default("http-01"),
    "challenge dns-01",
  ),
  /** DNS provider of `dns-01`: `provider` is `googleCloud` or `cloudflare`, and what belongs to each. */
  dns: setting(dns.optional(), "--path dns.provider googleCloud", { structured: true }),
  /**
   * Storage class of the home volume. Default: the class of the persistent storage in `attributes`, which the chart
   * prefers anyway, else its own local one.
   */
  storageClass: setting(optionalText("is empty"), "storageClass beta3"),
  /** How port 80 reaches the provider: `mode` is `gateway-api` or `ingress`. Default `gateway-api`, as in the chart. */
  ingress: setting(ingress.default({ mode: "gateway-api" }), "--path ingress.mode gateway-api", {
    structured: true,
  }),
  /** Namespace of the release; made when it does not exist, never deleted. Default `akash-services`, as in Akash's guides. */
  namespace: setting(
    matching(dnsLabel, "is not a DNS label").default(defaultNamespace),
    `namespace ${defaultNamespace}`,
  ),
  /** Name of the Helm release. Default `akash-provider`, as in Akash's guides. */
  releaseName: setting(
    matching(dnsLabel, "is not a DNS label")
      .max(53, "is longer than Helm's 53 characters")
      .default(defaultReleaseName),
    `releaseName ${defaultReleaseName}`,
  ),
  /** The chart's place: a repository URL, an `oci://` reference, or a folder or archive relative to the project. */
  chart: setting(
    z
      .string()
      .min(1, "is empty")
      .refine(
        (location) => !/^(\/|~|file:|[A-Za-z]:\\)/.test(location),
        "is an absolute path, which would be a change on every other machine",
      )
      .refine(
        (location) => /^(https?:\/\/(?!.*\.tgz$)|oci:\/\/|\.{1,2}\/|\/|~|file:)/.test(location),
        `is neither a repository's URL (${chartRepository}), nor oci://…, nor a path that begins with ./`,
      )
      .default(chartRepository),
    `chart ${chartRepository}`,
  ),
  /** Version of the chart. Default: the one that the repairs were tried on. */
  chartVersion: setting(
    z
      .string()
      .refine((version) => valid(version) !== null, "is not a semantic version")
      .refine(
        (version) =>
          valid(version) === null ||
          satisfies(version, supportedChartVersions, { includePrerelease: true }),
        `is not among the versions that the repairs know (${supportedChartVersions})`,
      )
      .default(chartVersion),
    `chartVersion ${chartVersion}`,
  ),
  /** How long Helm waits for the pod to get ready, in seconds. Default 600: the first start imports the key and signs transactions. */
  timeout: setting(wholeNumber("is not a whole number of seconds").default(600), "timeout 600"),
  /** How many revisions Helm keeps. Default 5: enough to roll back, without every setting ever used. */
  maxHistory: setting(wholeNumber("is not a whole number").default(5), "maxHistory 5"),
  /** Context of the kubeconfig. Default: its current one. */
  kubeContext: setting(optionalText("is empty"), "kubeContext prod"),
  /** Further chart values, merged last, for what has no setting of its own. Default: none. */
  values: setting(z.record(z.string(), z.unknown()).default({}), "--path values.image.tag 0.16.2", {
    structured: true,
  }),
} satisfies Record<string, AnySetting>;

/** The name of a setting. */
export type SettingName = keyof typeof settings;
/** The validated values of all settings. */
export type Settings = {
  readonly [Name in SettingName]: z.output<(typeof settings)[Name]["schema"]>;
};

/** The DNS provider of a stack under DNS-01, and its options. */
export type DnsConfig = z.output<typeof dns>;
