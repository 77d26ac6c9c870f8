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
  fixCommand,
  pathText,
  removed,
  settingInside,
  type SettingProblem,
} from "./fix.ts";
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

/** The certificate of the tenants' ingress, and the DNS provider whose credential obtains it. */
export interface Wildcard extends Omit<NonNullable<Settings["wildcard"]>, "issuer"> {
  readonly dns: DnsConfig;
}

/** The wallet with which the provider signs. */
export interface Wallet {
  /** The exported key's armored text, a secret. */
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
  /** The DNS provider of the stack's credential; undefined where no certificate needs one. */
  readonly dns: DnsConfig | undefined;
  /** The names of the release's objects. */
  readonly names: ReleaseNames;
  /** The ACME directory URL. */
  readonly directoryUrl: string;
  /** The stack's own kubeconfig. Default: those in `KUBECONFIG`. */
  readonly kubeconfig: StackKubeconfig | undefined;
  /** The setting that names the context, for commands. */
  readonly contextSetting: string;
  /**
   * The setting of the Kubernetes plugin that names the namespace, which earlier releases ignored; undefined where the
   * program's own setting names it.
   */
  readonly namespaceAlias: string | undefined;
  /** How the cloud plugins connect, for the program's own requests. Holds secrets. */
  readonly plugins: CloudAccess;
  /** The price targets that are set, by the name of their chart value. */
  readonly priceTargets: Readonly<Record<string, string>>;
  /** The bid price script's text. */
  readonly bidPriceScript: string | undefined;
}

/** A problem in the configuration that prevents the program from running. */
export interface ConfigProblem {
  /** The setting, with the path inside it. */
  readonly setting: string;
  /** The problem, as text that follows the setting's name. */
  readonly problem: string;
  /** The command that fixes it. */
  readonly command: ShellText;
  /** The command that permits the value instead; undefined where it cannot be permitted. */
  readonly permitCommand?: ShellText | undefined;
  /** The name in `accept` that turns the problem into a warning; undefined where the problem cannot be a warning. */
  readonly acceptName?: AcceptableSetting | undefined;
}

/** Every problem of a stack's configuration. Pulumi prints the message without a stack trace. */
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
 * @throws ConfigError with every problem
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
 * Warnings about a stack's configuration, each with the command that fixes it, if there is one. These are not problems:
 * running providers use such settings, and continue.
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
          `${setting} ${problem}; the setting accept turns this refusal into a warning.\n      ${command}`,
      ),
    ...settingsWithoutEffect(source),
    ...settingsKeptAsText(source),
    ...credentialWarnings(source),
    ...keyWarnings(parsed, source.stack),
  ];
}

/** The problems of a configuration: those that prevent its use, and those that the stack accepts. */
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
  const { setting, problem, isAcceptable, permit } = found;
  return {
    setting,
    problem,
    command: commandFor(found, all, source),
    ...(permit !== undefined && { permitCommand: configCommands([permit], source.stack) }),
    ...(isAcceptable === true && { acceptName: acceptName(setting) }),
  };
}

/** The command for one of the problems of a stack. */
function commandFor(
  problem: SettingProblem,
  all: readonly SettingProblem[],
  source: ConfigSource,
): ShellText {
  const setting = settingInside(problem.fix);
  if (setting === undefined || !isKeptAsText(setting, source)) {
    return fixCommand(problem, source.stack);
  }
  const others = all.filter(({ fix }) => settingInside(fix) === setting);
  if (others.some(({ removeFirst }) => removeFirst === setting)) {
    // The text has a value of another kind; nothing of it can be kept.
    return fixCommand(problem, source.stack);
  }
  // All fixes inside the setting: the command of each other problem would start from the text again.
  const inside = others.map(({ fix }) => fix);
  const steps = [...intoStructure(setting, source), ...inside];
  const different = steps.filter(
    ([verb, rest], index) =>
      steps.findIndex(([otherVerb, other]) => otherVerb === verb && other === rest) === index,
  );
  return configCommands(different, source.stack);
}

/**
 * Warnings about settings that are a single text, each with the command that converts it to an object or a list: a command
 * with `--path`, as in this program's messages and documents, would replace the whole text. Not problems, like
 * {@link settingsWithoutEffect}.
 *
 * @param source default: the stack that Pulumi is running
 */
export function settingsKeptAsText(source: ConfigSource = runningStack()): readonly string[] {
  return Object.keys(settings)
    .filter((name) => isKeptAsText(name, source))
    .map(
      (name) =>
        `${name} is a single text in the stack's file, which a command with --path would replace. To convert it to an object or a list:\n      ${configCommands(intoStructure(name, source), source.stack)}`,
    );
}

/**
 * Warnings about settings that have no effect, each with the command that removes it. Not problems: deployed stacks have
 * such settings, and continue.
 *
 * @param source default: the stack that Pulumi is running
 */
export function settingsWithoutEffect(source: ConfigSource = runningStack()): readonly string[] {
  const { chart, chartVersion } = source.values;
  // A repository has many versions; every other place is one chart.
  return chartVersion !== undefined && chart !== undefined && !/^(https?|oci):/.test(chart)
    ? [
        `chartVersion ${chartVersion} has no effect: the version of the chart ${chart} is in its Chart.yaml.\n      ${shell`pulumi config rm -s ${source.stack} chartVersion`}`,
      ]
    : [];
}

/**
 * Warnings about chart values that look like credentials by their names, each with the command that removes it. Not
 * problems: only the operator knows whether a value is a credential.
 *
 * @param source default: the stack that Pulumi is running
 */
export function credentialWarnings(source: ConfigSource = runningStack()): readonly string[] {
  return credentialLookalikes(parseJsonDigits(source.values.values)).map((path) => {
    const place = ["values", ...path];
    return `${pathText(place)} looks like a credential. It is in plain text in the stack's file and in the values that Helm keeps of every revision. Store it in a Secret that the chart reads, and remove it from the values:\n      ${fixCommand({ setting: "values", problem: "", fix: ["rm", removed(place)] }, source.stack)}`;
  });
}

function unknownSettings({ values }: ConfigSource): SettingProblem[] {
  return Object.keys(values)
    .filter((name) => !Object.hasOwn(settings, name))
    .map((name) => ({
      setting: name,
      problem: `is not a setting${suggestion(name)}`,
      fix: ["rm", shell`${name}`],
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
    // A credential is used unchanged, to the last character.
    const value =
      text === undefined || metaOf(name).secret === true ? text : writtenValue(name, text);
    const result = settings[name].safeParse(value);
    parsed[name] = result.data;
    if (result.error !== undefined) {
      const other = acceptedForm(name)?.safeParse(value);
      // The other checks continue with the value, whether the stack accepts it or not.
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
              fix: ["rm", shell`${alias}`] as const,
            }))),
      );
    }
  }
  return { settings: parsed, problems };
}

/** A setting's value as in the stack's file. */
function writtenValue(name: SettingName, text: string): unknown {
  // Text that is not JSON stays unchanged; the schema refuses it.
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
