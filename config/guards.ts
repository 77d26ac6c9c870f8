import { existsSync, readFileSync, statSync } from "node:fs";
import { wildcardName } from "../chart/gateway.ts";
import { providerHost } from "../chart/release.ts";
import { zoneContains } from "../dns/zone.ts";
import { priceTargetNames } from "./accepted.ts";
import { formerEnvironment, letsEncryptDirectory, stackEnvironment } from "./environment.ts";
import type { ConfigSource } from "./source.ts";
import { settings, type SettingName, type Settings } from "./settings.ts";
import { shell } from "../lib/shell.ts";
import { parseJson } from "../lib/json.ts";
import { leaves, valueAt } from "../lib/tree.ts";
import { fixCommand, removed, setEncrypted, setExample, type SettingProblem } from "./fix.ts";
import { holdsSecret, secretPaths } from "./options.ts";

/** Checks settings that depend on each other. An invalid or missing setting is undefined. */
type Guard = (settings: Partial<Settings>, source: ConfigSource) => readonly SettingProblem[];

/** All guards; each runs independently of the others. */
export const guards: readonly Guard[] = [
  credentialsAreEncrypted,
  secretsCanBeKept,
  directoryFitsStack,
  challengeFitsDns,
  wildcardHasCredential,
  wildcardIsInZone,
  wildcardNamesAreNotCovered,
  dnsCredentialIsOne,
  dnsRoleIsOfProject,
  priceTargetsHaveScript,
  filesExist,
  storageClassIsOne,
  valuesKeepLetsEncrypt,
  valuesHoldNoCredential,
  valuesRepeatNoSetting,
];

const set = (name: SettingName): SettingProblem["fix"] => ["set", setExample(name)];

function credentialsAreEncrypted(_: Partial<Settings>, { values, secrets }: ConfigSource) {
  // A credential is reported also in a setting with other problems.
  const isGiven = (name: string, inside: readonly string[]) =>
    inside.length === 0
      ? values[name] !== undefined
      : valueAt(parseJson(values[name]), inside.join(".")) !== undefined;
  return secretPaths()
    .filter((path) => {
      const [name = "", ...inside] = path.split(".");
      return isGiven(name, inside) && !secrets.has(name);
    })
    .map((path): SettingProblem => ({
      setting: path,
      problem: "is a credential in plain text in the stack's file",
      fix: ["set", setEncrypted(path)],
    }));
}

/** Every setting without a credential becomes part of the release's values. */
function secretsCanBeKept(_: Partial<Settings>, { secrets }: ConfigSource): SettingProblem[] {
  // The chart's values have their own check.
  return [...secrets]
    .filter((name) => Object.hasOwn(settings, name) && !holdsSecret(name) && name !== "values")
    .map((name) => ({
      setting: name,
      problem:
        "is encrypted, but Helm keeps it in plain text in the cluster, so it must not hold a secret",
      fix: set(name as SettingName),
    }));
}

function missingDirectory(stack: string): SettingProblem {
  const former = formerEnvironment(stack);
  const missing = "is missing, and the stack's name indicates neither staging nor prod";
  return former === undefined
    ? { setting: "acmeDirectory", problem: missing, fix: set("acmeDirectory") }
    : {
        setting: "acmeDirectory",
        problem: `${missing} for certain. A deployed stack of this name uses Let's Encrypt's ${former} directory; the command keeps it`,
        fix: ["set", shell`acmeDirectory ${former}`],
      };
}

function sameUrl(a: string, b: string): boolean {
  return URL.parse(a)?.href.replace(/\/$/, "") === URL.parse(b)?.href.replace(/\/$/, "");
}

function directoryFitsStack(
  { acmeDirectory, allowOtherDirectory }: Partial<Settings>,
  { stack, values }: ConfigSource,
): SettingProblem[] {
  const environment = stackEnvironment(stack);
  if (environment === undefined) {
    return values.acmeDirectory === undefined ? [missingDirectory(stack)] : [];
  }
  const other = environment === "staging" ? "production" : "staging";
  if (
    acmeDirectory === undefined ||
    !sameUrl(acmeDirectory, letsEncryptDirectory[other]) ||
    allowOtherDirectory === true
  ) {
    return [];
  }
  const consequence =
    other === "staging"
      ? "whose certificates no client trusts"
      : "whose rate limits (5 certificates a week for one name) tests would use up";
  return [
    {
      setting: "acmeDirectory",
      problem: `is Let's Encrypt's ${other} directory, ${consequence}, on the ${environment} stack; to use it anyway, set allowOtherDirectory`,
      fix: ["set", shell`acmeDirectory ${environment}`],
      permit: set("allowOtherDirectory"),
    },
  ];
}

function challengeFitsDns(
  { challenge, dns, wildcard }: Partial<Settings>,
  { values }: ConfigSource,
): SettingProblem[] {
  if (values.dns === undefined && (challenge === "dns-01" || wildcard !== undefined)) {
    const what = challenge === "dns-01" ? "dns-01" : "a wildcard certificate";
    return [
      { setting: "dns", problem: `is missing, and ${what} needs a DNS provider`, fix: set("dns") },
    ];
  }
  return challenge === "http-01" && dns !== undefined && values.wildcard === undefined
    ? [
        {
          setting: "challenge",
          problem:
            "is http-01, which does not use the setting dns; only dns-01 and the certificate of the tenants' ingress (the setting wildcard) use it",
          fix: set("challenge"),
        },
      ]
    : [];
}

/** cert-manager does not run in the provider's pod, and so cannot act as the pod's service account. */
function wildcardHasCredential({ dns, wildcard }: Partial<Settings>): SettingProblem[] {
  return wildcard !== undefined &&
    dns?.provider === "googleCloud" &&
    dns.workloadIdentity !== undefined
    ? [
        {
          setting: "dns.workloadIdentity",
          problem:
            "cannot be combined with wildcard: cert-manager needs a key, since it does not act as the pod's service account",
          fix: ["rm", shell`--path dns.workloadIdentity`],
        },
      ]
    : [];
}

/** The names of the certificate outside the zone, where the settings have the zone's name. */
function wildcardIsInZone({ dns, domain, wildcard }: Partial<Settings>): SettingProblem[] {
  if (dns?.provider !== "cloudflare" || domain === undefined || wildcard === undefined) {
    return [];
  }
  const { zone } = dns;
  const isOutside = (name: string) => !zoneContains(zone, name.replace(/^\*\./, ""));
  const name = wildcardName(domain);
  return [
    ...(isOutside(name) && zoneContains(zone, providerHost(domain))
      ? [
          {
            setting: "wildcard",
            problem: `is for ${name}, which is outside the zone ${zone} (dns.zone)`,
            fix: ["set", shell`--path dns.zone ${domain}`] as const,
          },
        ]
      : []),
    ...furtherNames(wildcard, (further) =>
      isOutside(further)
        ? `is ${further}, which is outside the zone ${zone} (dns.zone)`
        : undefined,
    ),
  ];
}

/**
 * The problems of the wildcard certificate's further names.
 *
 * @param problemOf a name's problem, if it has one
 */
function furtherNames(
  { names }: NonNullable<Settings["wildcard"]>,
  problemOf: (name: string) => string | undefined,
): SettingProblem[] {
  return names.flatMap((name, index) => {
    const problem = problemOf(name);
    return problem === undefined
      ? []
      : [
          {
            setting: `wildcard.names[${index}]`,
            problem,
            fix: ["rm", removed(["wildcard", "names", index])] as const,
          },
        ];
  });
}

/**
 * Let's Encrypt refuses an order with a name that a wildcard of the same order covers, as `malformed` (Boulder, policy/pa.go,
 * "redundant with a wildcard domain"). Another CA may accept it.
 */
function wildcardNamesAreNotCovered(
  { acmeDirectory, domain, wildcard }: Partial<Settings>,
  { stack }: ConfigSource,
): SettingProblem[] {
  const directory = acmeDirectory ?? letsEncryptDirectory[stackEnvironment(stack) ?? "staging"];
  const isLetsEncrypt = Object.values(letsEncryptDirectory).some((url) => sameUrl(directory, url));
  if (domain === undefined || wildcard === undefined || !isLetsEncrypt) {
    return [];
  }
  const wildcards = [wildcardName(domain), ...wildcard.names].filter((name) =>
    name.startsWith("*."),
  );
  return furtherNames(wildcard, (name) => {
    const covering = wildcards.find((one) => name.replace(/^[^.*]+/, "*") === one && name !== one);
    return (
      covering &&
      `is ${name}, which ${covering} covers; Let's Encrypt refuses a certificate with both`
    );
  });
}

function dnsCredentialIsOne({ dns }: Partial<Settings>): SettingProblem[] {
  return dns?.provider === "googleCloud" &&
    dns.serviceAccountKey !== undefined &&
    dns.workloadIdentity !== undefined
    ? [
        {
          setting: "dns.serviceAccountKey",
          problem: "cannot be combined with dns.workloadIdentity, which uses no key",
          fix: ["rm", shell`--path dns.serviceAccountKey`],
        },
      ]
    : [];
}

/** Google grants a project's custom role only in that project. */
function dnsRoleIsOfProject({ dns }: Partial<Settings>): SettingProblem[] {
  if (dns?.provider !== "googleCloud") {
    return [];
  }
  const [, project] = /^projects\/([^/]+)\//.exec(dns.role) ?? [];
  return project === undefined || project === dns.project
    ? []
    : [
        {
          setting: "dns.role",
          problem: `is a role of the project ${project}, and dns.project is ${dns.project}: Google grants a custom role only in its own project`,
          fix: [
            "set",
            shell`--path dns.role ${dns.role.replace(/^projects\/[^/]+/, `projects/${dns.project}`)}`,
          ],
        },
      ];
}

/** The price targets that are set, by the name of their chart value. */
export function priceTargets(parsed: Partial<Settings>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parsed).filter(
      (entry): entry is [string, string] =>
        priceTargetNames.some((name) => name === entry[0]) && typeof entry[1] === "string",
    ),
  );
}

function priceTargetsHaveScript(parsed: Partial<Settings>, { values }: ConfigSource) {
  return values.bidPriceScript !== undefined
    ? []
    : Object.keys(priceTargets(parsed)).map((setting): SettingProblem => ({
        setting,
        problem:
          "has no effect without bidPriceScript: the provider would bid with its built-in scale strategy",
        fix: set("bidPriceScript"),
        isAcceptable: true,
      }));
}

function filesExist({ bidPriceScript, chart }: Partial<Settings>): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const fault = bidPriceScript === undefined ? undefined : scriptFault(bidPriceScript);
  if (fault !== undefined) {
    problems.push({
      setting: "bidPriceScript",
      problem: `names ${bidPriceScript}, which ${fault}`,
      fix: set("bidPriceScript"),
    });
  }
  if (chart?.startsWith(".") === true && !existsSync(chart)) {
    problems.push({
      setting: "chart",
      problem: `names ${chart}, which does not exist`,
      fix: set("chart"),
    });
  }
  return problems;
}

/** The fault of a file that should contain a script, or undefined. */
function scriptFault(file: string): string | undefined {
  try {
    const hasText =
      statSync(file, { throwIfNoEntry: false })?.isFile() === true &&
      readFileSync(file, "utf8").trim() !== "";
    return hasText ? undefined : "is not a file that contains a script";
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return `cannot be read (${code})`;
  }
}

function storageClassIsOne({ storageClass, attributes }: Partial<Settings>): SettingProblem[] {
  const persistent = persistentStorageClass(attributes ?? []);
  return storageClass !== undefined && persistent !== undefined && storageClass !== persistent
    ? [
        {
          setting: "storageClass",
          problem: `is ${storageClass}, but the attributes name the persistent class ${persistent}, which the chart prefers`,
          fix: ["rm", shell`storageClass`],
          isAcceptable: true,
        },
      ]
    : [];
}

/** The class of the persistent storage that the attributes offer, as the chart finds it (templates/_helpers.tpl). */
export function persistentStorageClass(attributes: Settings["attributes"]): string | undefined {
  const value = (key: string) => attributes.findLast((attribute) => attribute.key === key)?.value;
  return attributes
    .filter(
      ({ key, value }) => /^capabilities\/storage\/.*\/persistent$/.test(key) && value === "true",
    )
    .map(({ key }) => value(key.replace(/persistent$/, "class")))
    .findLast((storageClass) => storageClass !== undefined);
}

/** Chart values that would remove what the certificate needs. */
function valuesKeepLetsEncrypt({ values }: Partial<Settings>): SettingProblem[] {
  const enabled = valueAt(values, "letsEncrypt.enabled");
  const create = valueAt(values, "serviceAccount.create");
  const broken: readonly (readonly [string, boolean, string])[] = [
    [
      "letsEncrypt.enabled",
      enabled !== undefined && enabled !== true,
      "is not true: the chart would render an invalid StatefulSet, and the provider would obtain no certificate",
    ],
    [
      "serviceAccount.create",
      create !== undefined && create !== true,
      "is not true, but the repairs read their parameters from the chart's ServiceAccount",
    ],
    [
      "serviceAccount.name",
      valueAt(values, "serviceAccount.name") !== undefined,
      "names an account that the chart does not create (templates/serviceaccount.yaml ignores the name)",
    ],
    ...[
      "letsEncrypt",
      "letsEncrypt.acme",
      "letsEncrypt.providers",
      "serviceAccount",
      "gatewayApi",
    ].map(
      (path) =>
        [
          path,
          valueAt(values, path) === null,
          "is empty, but the chart reads values inside it",
        ] as const,
    ),
  ];
  return broken
    .filter(([, isBroken]) => isBroken)
    .map(([path, , problem]) => ({
      setting: `values.${path}`,
      problem,
      fix: ["rm", shell`--path ${`values.${path}`}`],
      // The operator may have created the account by hand.
      isAcceptable: path === "serviceAccount.name",
    }));
}

/** The setting or option for a credential among the chart's values, by the value's path. */
const credentialValues: Readonly<Record<string, string>> = {
  key: "walletKey",
  keysecret: "walletPassword",
  "letsEncrypt.providers.cloudflare.apiToken": "dns.apiToken",
  "letsEncrypt.providers.googleCloud.serviceAccount.content": "dns.serviceAccountKey",
};

/** Helm keeps the values of every revision in the cluster, readable with the permission to read Secrets. */
function valuesHoldNoCredential(
  { values }: Partial<Settings>,
  { secrets, stack }: ConfigSource,
): SettingProblem[] {
  if (secrets.has("values")) {
    return [
      {
        setting: "values",
        problem:
          "holds a secret, but Helm keeps all values in its release history; move the credential to its own setting",
        fix: ["rm", shell`values`],
      },
    ];
  }
  const known = Object.keys(credentialValues).filter((path) => valueAt(values, path) !== undefined);
  const lookalikes = leaves(values, { lists: true })
    .filter(([path, leaf]) => !known.includes(path) && String(leaf).includes("PRIVATE KEY-----"))
    .map(([path]) => path);
  return [...known, ...lookalikes].map((path) => {
    const own = credentialValues[path];
    return {
      setting: `values.${path}`,
      problem: `is a credential, which Helm would keep in its release history${
        own === undefined
          ? ""
          : `; it has its own setting (${fixCommand({ setting: own, problem: "", fix: ["set", setExample(own)] }, stack)})`
      }`,
      fix: ["rm", removed(["values", ...placeOf(values, path)])],
    };
  });
}

/** The keys and indexes of a path from `leaves`. */
function placeOf(tree: unknown, path: string): readonly (string | number)[] {
  let inner = tree;
  return path.split(".").map((key) => {
    const part = Array.isArray(inner) ? Number(key) : key;
    inner = (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[part];
    return part;
  });
}

/** The settings that chart values would silently override, by the value's path. */
const ownSettings: Readonly<Record<string, SettingName>> = {
  from: "from",
  domain: "domain",
  email: "email",
  website: "website",
  node: "node",
  chainid: "chainid",
  withdrawalperiod: "withdrawalperiod",
  bidmindeposit: "bidmindeposit",
  attributes: "attributes",
  bidpricescript: "bidPriceScript",
  "letsEncrypt.acme.email": "email",
  "letsEncrypt.acme.caDirUrl": "acmeDirectory",
  "letsEncrypt.storage.storageClass": "storageClass",
  "letsEncrypt.providers.cloudflare.enabled": "challenge",
  "letsEncrypt.providers.googleCloud.enabled": "challenge",
  "gatewayApi.enabled": "ingress",
  "gatewayApi.gatewayName": "ingress",
  "gatewayApi.gatewayNamespace": "ingress",
  "ingress.className": "ingress",
};

function valuesRepeatNoSetting({ values }: Partial<Settings>) {
  return [...Object.entries(ownSettings), ...priceTargetNames.map((name) => [name, name] as const)]
    .filter(([path]) => valueAt(values, path) !== undefined)
    .map(([path, setting]): SettingProblem => ({
      setting: `values.${path}`,
      problem: `duplicates the setting ${setting}, which has its own checks`,
      fix: ["rm", shell`--path ${`values.${path}`}`],
    }));
}
