import { acceptableSettings, type AcceptableSetting } from "../../config/accepted.ts";
import {
  ConfigError,
  readConfig,
  type Config,
  type ConfigProblem,
  type ConfigSource,
} from "../../config/index.ts";
import { keyWarnings } from "../../config/keyFormat.ts";
import { temporaryFile } from "../../lib/files.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";
import type { Refusal } from "../refusal.ts";
import type { StackFile } from "../stackFile.ts";
import type { Translation } from "./translate.ts";
import type { Place } from "./valuesTree.ts";
import { shell } from "../../lib/shell.ts";

/** The result of checking a translation. */
export interface Validation {
  /** The stack's future configuration; undefined where there are refusals. */
  readonly config?: Config;
  readonly refusals: readonly Refusal[];
  /** Values that a new stack would refuse, and that the provider runs with. */
  readonly accepted: readonly Accepted[];
  /** The setting `accept` as the stack needs it. */
  readonly accept: readonly AcceptableSetting[];
  /** Further warnings for the operator. */
  readonly warnings: readonly string[];
}

/** A problem that is accepted for a provider that runs with it. */
export interface Accepted {
  /** The value's path in the file. */
  readonly subject: string;
  readonly problem: string;
}

/** Facts about the file beside its values. */
export interface FileFacts {
  /** The place of each value, by its path. Default: messages have no place. */
  readonly places?: ReadonlyMap<string, Place> | undefined;
  /**
   * Whether the release runs with the value at a path: only such values are accepted where a new stack would refuse them.
   * Default: the release runs with every value.
   */
  readonly runs?: ((path: string) => boolean) | undefined;
}

/** The paths in the file of settings with another name there, for problems that name a setting. */
const filePaths: Readonly<Record<string, string>> = {
  walletKey: "key",
  walletPassword: "keysecret",
  bidPriceScript: "bidpricescript",
  acmeDirectory: "letsEncrypt.acme.caDirUrl",
  storageClass: "letsEncrypt.storage.storageClass",
  dns: "letsEncrypt.providers",
};

/**
 * Checks a translation, together with the settings in the stack's file, with the stack's own checks.
 *
 * @returns every problem, those of the translation first; a setting that the translation refuses is not reported twice
 */
export function validate(
  stack: string,
  existing: StackFile,
  translation: Translation,
  facts: FileFacts = {},
): Validation {
  const own = [
    ...translation.problems.map(({ path, problem }) => ({
      subject: path,
      problem,
      place: placeOf(path, facts),
    })),
    ...encryptedRefusals(stack, existing, translation),
  ];
  return withScript(translation, (script) => {
    const source = configSource(stack, existing, translation, script);
    const present = acceptedBefore(existing);
    const found = problemsOf(source, present);
    const acceptable = found.filter((problem) => isAcceptable(problem, translation, facts));
    const accept = acceptableSettings.filter(
      (name) => present.includes(name) || acceptable.some((problem) => problem.acceptName === name),
    );
    const final = withAccept(source, accept);
    const others = problemsOf(final)
      .map((problem) => refusalOf(problem, translation, facts))
      .filter(({ subject }) => !translation.problems.some(({ path }) => overlap(path, subject)));
    const refusals = [...own, ...others];
    const config = refusals.length === 0 ? readConfig(final) : undefined;
    return {
      ...(config !== undefined && { config }),
      refusals,
      accepted: acceptable.map(({ setting, problem }) => ({
        subject: subjectOf(setting),
        problem,
      })),
      accept,
      warnings:
        config === undefined
          ? []
          : keyWarnings({ ...config, walletKey: translation.secrets.walletKey }, stack),
    };
  });
}

/** The names that the stack's file already accepts; problems of its other settings are refused. */
function acceptedBefore({ settings: { accept } }: StackFile): readonly string[] {
  return Array.isArray(accept) ? accept.map(String) : [];
}

function problemsOf(source: ConfigSource, accept?: readonly string[]): readonly ConfigProblem[] {
  try {
    readConfig(accept === undefined ? source : withAccept(source, accept));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return error.problems;
  }
}

function withAccept(source: ConfigSource, accept: readonly string[]): ConfigSource {
  return accept.length === 0
    ? source
    : { ...source, values: { ...source.values, accept: JSON.stringify(accept) } };
}

/** Whether the problem is about a value of the file that the provider runs with. */
function isAcceptable(
  { setting, acceptName }: ConfigProblem,
  { settings, secrets, values }: Translation,
  { runs = () => true }: FileFacts,
): boolean {
  const name = nameIn(setting);
  return (
    acceptName !== undefined &&
    (name in settings ||
      name in secrets ||
      (name === "values" && Object.keys(values).length > 0)) &&
    pathsInFile(setting).every(runs)
  );
}

/** The possible paths of a setting in the file. */
function pathsInFile(setting: string): string[] {
  const name = nameIn(setting);
  return name === "email" ? ["email", "letsEncrypt.acme.email"] : [subjectOf(setting)];
}

/** The path in the file of a setting, or of a place inside it. */
function subjectOf(setting: string): string {
  const name = nameIn(setting);
  return name === "values" ? setting.replace(/^values\./, "") : (filePaths[name] ?? setting);
}

function nameIn(setting: string): string {
  return /^[^.[]*/.exec(setting)?.[0] ?? setting;
}

/** The place of the value at a path, or of the value that contains it. */
function placeOf(subject: string, { places }: FileFacts): Place | undefined {
  const keys = subject.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  const candidates = keys.map((_, index) => keys.slice(0, keys.length - index).join("."));
  return candidates.map((path) => places?.get(path)).find((place) => place !== undefined);
}

/** A problem of the configuration in the terms of the file, if the setting comes from the file. */
function refusalOf(
  { setting, problem, command: fix, permitCommand }: ConfigProblem,
  { settings, secrets }: Translation,
  facts: FileFacts,
): Refusal {
  const [name = ""] = setting.split(".");
  const subject = filePaths[name] ?? setting;
  // The provider runs with the file's value, and the next attempt would set it again.
  const command = permitCommand ?? fix;
  const isSetAgain = [...Object.keys(settings), ...Object.keys(secrets), ...wallet].some((own) =>
    command.split(/[ .[\]"']/).includes(own),
  );
  return isSetAgain
    ? { subject, problem, ...found(placeOf(subject, facts)) }
    : { subject, problem, command };
}

function found(place: Place | undefined): { readonly place?: Place } {
  return place === undefined ? {} : { place };
}

/** The wallet can come only from the file: values that the stack has encrypted cannot be checked. */
const wallet = ["walletKey", "walletPassword"];

/** Whether one path is the other, or a prefix of it. */
function overlap(a: string, b: string): boolean {
  return `${a}.`.startsWith(`${b}.`) || `${b}.`.startsWith(`${a}.`);
}

/** Encrypted values cannot be checked, so the file must contain them. */
function encryptedRefusals(
  stack: string,
  { encrypted, inEnvironment = [] }: StackFile,
  { secrets, settings }: Translation,
): Refusal[] {
  return encrypted
    .filter((name) => !(name in secrets) && !(name in settings))
    .map((name) =>
      inEnvironment.includes(name)
        ? {
            subject: name,
            problem:
              "comes encrypted from an environment of the stack, and the provider.yaml does not contain it; remove it from the environment, or the environment from the stack",
            command: shell`pulumi config env ls -s ${stack}`,
          }
        : {
            subject: name,
            problem: "is encrypted in the stack's file, and the provider.yaml does not contain it",
            command: shell`pulumi config rm -s ${stack} ${name}`,
          },
    );
}

/** Calls back with the name of a temporary file with the bid price script, which is not in the project yet. */
function withScript<T>({ script }: Translation, use: (file: string | undefined) => T): T {
  if (script === undefined) {
    return use(undefined);
  }
  const file = temporaryFile("price_script.sh", script.text);
  try {
    return use(file.path);
  } finally {
    file.remove();
  }
}

function configSource(
  stack: string,
  existing: StackFile,
  { settings, secrets, values }: Translation,
  bidPriceScript: string | undefined,
): ConfigSource {
  const all: Record<string, unknown> = { ...existing.settings, ...settings };
  if (bidPriceScript !== undefined) {
    all.bidPriceScript = bidPriceScript;
  }
  if (Object.keys(values).length > 0) {
    all.values = values;
  }
  for (const [path, secret] of Object.entries(secrets)) {
    const [name = "", option] = path.split(".");
    all[name] = option === undefined ? secret : { ...(all[name] as ValueMap), [option]: secret };
  }
  return {
    stack,
    values: Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, settingText(value)]),
    ),
    secrets: new Set(Object.keys(secrets).map((path) => path.split(".")[0] ?? path)),
    // The adoption writes objects and lists.
    keptAsText: () => false,
  };
}

/** A setting as Pulumi passes it: text unchanged, objects and lists as JSON. */
function settingText(value: unknown): string {
  return isMap(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
