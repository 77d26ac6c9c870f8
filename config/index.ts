import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { releaseNames, type ReleaseNames } from "../chart/release.ts";
import { acceptedForm, acceptName, type AcceptableSetting } from "./accepted.ts";
import { letsEncryptDirectory, stackEnvironment } from "./environment.ts";
import { guards, priceTargets } from "./guards.ts";
import { keyWarnings } from "./keyFormat.ts";
import { settings, type DnsConfig, type SettingName, type Settings } from "./settings.ts";
import type { CloudAccess } from "../dns/access.ts";
import { problemsOf } from "./issues.ts";
import { intoStructure, isKeptAsText } from "./keptAsText.ts";
import {
  aliasesInUse,
  kubernetesProblems,
  stackKubeconfig,
  valuesWithAliases,
  type StackKubeconfig,
} from "./kubernetesPlugin.ts";
import { credentialLookalikes } from "./lookalikes.ts";
import {
  configCommands,
  mendCommand,
  pathText,
  removed,
  settingInside,
  type SettingProblem,
} from "./mend.ts";
import { isStructured, metaOf } from "./options.ts";
import { runningStack, type ConfigSource } from "./source.ts";
import { suggestion } from "./suggestion.ts";
import { parseJsonDigits } from "../lib/json.ts";
import { writtenMoment } from "../lib/moments.ts";
import { shell, type ShellText } from "../lib/shell.ts";
import { mapLeaves } from "../lib/tree.ts";

export type { ConfigSource } from "./source.ts";

/** How the host is validated. */
export type Challenge =
  { readonly type: "http-01" } | { readonly type: "dns-01"; readonly dns: DnsConfig };

/** The certificate of the tenants' ingress, and the DNS provider with whose credential it is obtained. */
export interface Wildcard extends Omit<NonNullable<Settings["wildcard"]>, "issuer"> {
  readonly dns: DnsConfig;
}

/** The wallet with which the provider signs. */
export interface Wallet {
  /** The exported key's armour text, a secret. */
  readonly key: pulumi.Output<string>;
  /** The password of the exported key, a secret. */
  readonly password: pulumi.Output<string>;
}

/** A stack's validated configuration. */
export interface Config extends Omit<
  Settings,
  | "acmeDirectory"
  | "bidPriceScript"
  | "challenge"
  | "dns"
  | "walletKey"
  | "walletPassword"
  | "wildcard"
> {
  readonly wallet: Wallet;
  readonly challenge: Challenge;
  /** The certificate of the tenants' ingress, if any. */
  readonly wildcard: Wildcard | undefined;
  /** The DNS provider of the stack's credential; none where no certificate needs one. */
  readonly dns: DnsConfig | undefined;
  /** The names of the release's objects. */
  readonly names: ReleaseNames;
  /** The ACME directory URL. */
  readonly directoryUrl: string;
  /** The kubeconfig that the stack has of its own. Default: as `KUBECONFIG` says. */
  readonly kubeconfig: StackKubeconfig | undefined;
  /** The setting that names the context, for commands. */
  readonly contextSetting: string;
  /** The setting of the Kubernetes plugin that names the namespace, which earlier releases did not hear; none where the program's own does. */
  readonly namespaceAlias: string | undefined;
  /** How the clouds' plugins reach them, for what the program does itself there. Holds secrets. */
  readonly plugins: CloudAccess;
  /** The price targets that are set, by the name of their chart value. */
  readonly priceTargets: Readonly<Record<string, string>>;
  /** The bid price script's text. */
  readonly bidPriceScript: string | undefined;
}

/** Something in the configuration that keeps the program from running. */
export interface ConfigProblem {
  /** The setting, with the path inside it. */
  readonly setting: string;
  /** What is wrong with it, to be read after its name. */
  readonly problem: string;
  /** The command that mends it. */
  readonly command: ShellText;
  /** What the setting `accept` would name for it to be a warning; undefined where it cannot be one. */
  readonly acceptName?: AcceptableSetting | undefined;
}

/** Every problem of a stack's configuration. Pulumi shows its message alone, without a stack trace. */
export class ConfigError extends pulumi.RunError {
  readonly problems: readonly ConfigProblem[];

  constructor(stack: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ setting, problem, command }) => `  ${setting} ${problem}\n      ${command}`,
    );
    super(
      `The configuration of stack ${stack} has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}. ` +
        `Nothing was changed.\n${lines.join("\n")}`,
    );
    this.problems = problems;
  }
}

/**
 * Reads and validates a stack's configuration.
 *
 * @param source default: the stack that Pulumi is running
 * @throws ConfigError with every problem that was found
 */
export function readConfig(source: ConfigSource = runningStack()): Config {
  const { settings: parsed, problems } = examine(source);
  if (problems.length > 0) {
    throw new ConfigError(
      source.stack,
      problems.map((found) => configProblem(found, problems, source)),
    );
  }
  return assemble(parsed as Settings, source);
}

/**
 * What a stack's configuration is to be warned of, each as a sentence with the command that ends it, if there is one. No
 * problems: providers run with it, and go on.
 *
 * @param source default: the stack that Pulumi is running
 */
export function configWarnings(source: ConfigSource = runningStack()): readonly string[] {
  const { settings: parsed, accepted } = examine(source);
  return [
    ...accepted
      .map((found) => configProblem(found, accepted, source))
      .map(
        ({ setting, problem, command }) =>
          `${setting} ${problem}; the stack accepts it.\n      ${command}`,
      ),
    ...settingsWithoutEffect(source),
    ...settingsKeptAsText(source),
    ...credentialWarnings(source),
    ...keyWarnings(parsed, source.stack),
  ];
}

/** What is wrong with a configuration: what keeps it from being used, and what the stack accepts. */
function examine(source: ConfigSource): {
  readonly settings: Partial<Settings>;
  readonly problems: readonly SettingProblem[];
  readonly accepted: readonly SettingProblem[];
} {
  const { settings: parsed, problems } = parseSettings(source);
  const all = [
    ...unknownSettings(source),
    ...problems,
    ...kubernetesProblems(source),
    ...guards.flatMap((guard) => guard(parsed, source)),
  ];
  const names: readonly string[] = parsed.accept ?? [];
  const isAccepted = ({ setting, isAcceptable }: SettingProblem) =>
    isAcceptable === true && names.includes(acceptName(setting) ?? "");
  return {
    settings: parsed,
    problems: all.filter((found) => !isAccepted(found)),
    accepted: all.filter(isAccepted),
  };
}

function configProblem(
  found: SettingProblem,
  all: readonly SettingProblem[],
  source: ConfigSource,
): ConfigProblem {
  const { setting, problem, isAcceptable } = found;
  return {
    setting,
    problem,
    command: commandFor(found, all, source),
    ...(isAcceptable === true && { acceptName: acceptName(setting) }),
  };
}

/** The command for one of the problems of a stack. */
function commandFor(
  problem: SettingProblem,
  all: readonly SettingProblem[],
  source: ConfigSource,
): ShellText {
  const setting = settingInside(problem.mend);
  if (setting === undefined || !isKeptAsText(setting, source)) {
    return mendCommand(problem, source.stack);
  }
  const others = all.filter(({ mend }) => settingInside(mend) === setting);
  if (others.some(({ removeFirst }) => removeFirst === setting)) {
    // The text says something of another kind, of which nothing can stay.
    return mendCommand(problem, source.stack);
  }
  // With all that is to be mended inside: the commands of its other problems would begin with the text again.
  const inside = others.map(({ mend }) => mend);
  const steps = [...intoStructure(setting, source), ...inside];
  const different = steps.filter(
    ([verb, rest], index) =>
      steps.findIndex(([otherVerb, other]) => otherVerb === verb && other === rest) === index,
  );
  return configCommands(different, source.stack);
}

/**
 * Settings that are one text, each as a sentence with the command that makes an object or a list of it: a command with
 * `--path`, as this program's messages and its README have them, would replace the whole. No problems, as
 * {@link settingsWithoutEffect}.
 *
 * @param source default: the stack that Pulumi is running
 */
export function settingsKeptAsText(source: ConfigSource = runningStack()): readonly string[] {
  return Object.keys(settings)
    .filter((name) => isKeptAsText(name, source))
    .map(
      (name) =>
        `${name} is one text in the stack's file, which a command with --path would replace. To be able to change what is in it:\n      ${configCommands(intoStructure(name, source), source.stack)}`,
    );
}

/**
 * Settings that have no effect, each as a sentence with the command that ends it. No problems: stacks are deployed with
 * them, and go on.
 *
 * @param source default: the stack that Pulumi is running
 */
export function settingsWithoutEffect(source: ConfigSource = runningStack()): readonly string[] {
  const { chart, chartVersion } = source.values;
  // A repository has many versions; every other place is one chart.
  return chartVersion !== undefined && chart !== undefined && !/^(https?|oci):/.test(chart)
    ? [
        `chartVersion ${chartVersion} has no effect: the chart is ${chart}, whose version is in its Chart.yaml.\n      ${shell`pulumi config rm -s ${source.stack} chartVersion`}`,
      ]
    : [];
}

/**
 * Values for the chart that look like credentials by their names, each as a sentence with the command that removes it. No
 * problems: whether they are some nobody can tell but the reader.
 *
 * @param source default: the stack that Pulumi is running
 */
export function credentialWarnings(source: ConfigSource = runningStack()): readonly string[] {
  return credentialLookalikes(parseJsonDigits(source.values.values)).map((path) => {
    const place = ["values", ...path];
    return `${pathText(place)} looks like a credential. It stands in clear in the stack's file and in the values that Helm keeps of every revision: give it to the cluster in a Secret that the chart reads, and take it out of the values\n      ${mendCommand({ setting: "values", problem: "", mend: ["rm", removed(place)] }, source.stack)}`;
  });
}

function unknownSettings({ values }: ConfigSource): SettingProblem[] {
  return Object.keys(values)
    .filter((name) => !Object.hasOwn(settings, name))
    .map((name) => ({
      setting: name,
      problem: `is not a setting${suggestion(name)}`,
      mend: ["rm", shell`${name}`],
    }));
}

function parseSettings(source: ConfigSource): {
  readonly settings: Partial<Settings>;
  readonly problems: readonly SettingProblem[];
} {
  const parsed: Record<string, unknown> = {};
  const problems: SettingProblem[] = [];
  const values = valuesWithAliases(source);
  const aliases = aliasesInUse(source);
  for (const name of Object.keys(settings) as SettingName[]) {
    const text = values[name];
    // A credential is taken as it is, to the last character.
    const value =
      text === undefined || metaOf(name).secret === true ? text : writtenValue(name, text);
    const result = settings[name].safeParse(value);
    parsed[name] = result.data;
    if (result.error !== undefined) {
      const other = acceptedForm(name)?.safeParse(value);
      // Whether the stack accepts it or not, the other checks go on with it.
      parsed[name] = other?.data;
      const found = problemsOf(name, text, result.error.issues).map((problem) => ({
        ...problem,
        isAcceptable: other?.success === true,
      }));
      const alias = aliases[name];
      problems.push(
        ...(alias === undefined
          ? found
          : found.map(({ problem }) => ({
              setting: alias,
              problem,
              mend: ["rm", shell`${alias}`] as const,
            }))),
      );
    }
  }
  return { settings: parsed, problems };
}

/** A setting's value as it is written in the stack's file. */
function writtenValue(name: SettingName, text: string): unknown {
  // Text that is no JSON stays as it is, for the schema to refuse.
  const value = isStructured(name) ? (parseJsonDigits(text) ?? text) : text;
  return mapLeaves(value, (leaf) => (typeof leaf === "string" ? writtenMoment(leaf) : leaf));
}

function wildcardOf(
  { issuer: _, ...place }: NonNullable<Settings["wildcard"]>,
  dns: DnsConfig,
): Wildcard {
  return { ...place, dns };
}

function assemble(parsed: Settings, source: ConfigSource): Config {
  const { stack, plugins = { googleCloud: {}, cloudflare: {} } } = source;
  const { walletKey, walletPassword, challenge, dns, wildcard, ...others } = parsed;
  const { bidPriceScript, acmeDirectory, ...rest } = others;
  return {
    ...rest,
    names: releaseNames(rest.releaseName, rest.values),
    wallet: {
      key: pulumi.secret(walletKey),
      password: pulumi.secret(walletPassword),
    },
    challenge:
      challenge === "dns-01" && dns !== undefined ? { type: challenge, dns } : { type: "http-01" },
    wildcard: wildcard && dns && wildcardOf(wildcard, dns),
    dns: challenge === "dns-01" || wildcard !== undefined ? dns : undefined,
    directoryUrl: acmeDirectory ?? letsEncryptDirectory[stackEnvironment(stack) ?? "staging"],
    kubeconfig: stackKubeconfig(source),
    namespaceAlias: aliasesInUse(source).namespace,
    contextSetting: aliasesInUse(source).kubeContext ?? "kubeContext",
    plugins,
    priceTargets: priceTargets(parsed),
    bidPriceScript: bidPriceScript && readFileSync(bidPriceScript, "utf8"),
  };
}
