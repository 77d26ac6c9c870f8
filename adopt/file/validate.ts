import {
  ConfigError,
  readConfig,
  type Config,
  type ConfigProblem,
  type ConfigSource,
} from "../../config/index.ts";
import { temporaryFile } from "../../lib/files.ts";
import { isMap, type ValueMap } from "../../lib/json.ts";
import type { Refusal } from "../refusal.ts";
import type { StackFile } from "../stackFile.ts";
import type { Translation } from "./translate.ts";
import { shell } from "../../lib/shell.ts";

/** What became of checking a translation. */
export interface Validation {
  /** The stack's configuration as it will be; undefined where there are refusals. */
  readonly config?: Config;
  readonly refusals: readonly Refusal[];
}

/** Where settings come from that are called otherwise in the file, for the problems that name one. */
const filePaths: Readonly<Record<string, string>> = {
  walletKey: "key",
  walletPassword: "keysecret",
  bidPriceScript: "bidpricescript",
  acmeDirectory: "letsEncrypt.acme.caDirUrl",
  storageClass: "letsEncrypt.storage.storageClass",
  dns: "letsEncrypt.providers",
};

/**
 * Checks a translation, together with what the stack's file says already, by the stack's own checks.
 *
 * @returns every problem, those of the translation first; a setting that the translation has refused is not named twice
 */
export function validate(stack: string, existing: StackFile, translation: Translation): Validation {
  const own = [
    ...translation.problems.map(({ path, problem }) => ({ subject: path, problem })),
    ...encryptedRefusals(stack, existing, translation),
  ];
  try {
    const config = withScript(translation, (script) =>
      readConfig(configSource(stack, existing, translation, script)),
    );
    return own.length === 0 ? { config, refusals: [] } : { refusals: own };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    const others = error.problems
      .map((problem) => refusalOf(problem, translation))
      .filter(({ subject }) => !translation.problems.some(({ path }) => overlap(path, subject)));
    return { refusals: [...own, ...others] };
  }
}

/** A problem of the configuration in the terms of the file, where the setting is from there. */
function refusalOf(
  { setting, problem, command }: ConfigProblem,
  { settings, secrets }: Translation,
): Refusal {
  const [name = ""] = setting.split(".");
  const subject = filePaths[name] ?? setting;
  // What the file says, the next attempt would set again.
  const isSetAgain = [...Object.keys(settings), ...Object.keys(secrets), ...wallet].some((own) =>
    command.split(/[ .]/).includes(own),
  );
  return isSetAgain ? { subject, problem } : { subject, problem, command };
}

/** The wallet can come from the file alone: nobody can check what the stack has encrypted. */
const wallet = ["walletKey", "walletPassword"];

/** Whether one path is the other, or leads to it. */
function overlap(a: string, b: string): boolean {
  return `${a}.`.startsWith(`${b}.`) || `${b}.`.startsWith(`${a}.`);
}

/** Nobody can check what is encrypted; so it must be what the file says anew. */
function encryptedRefusals(
  stack: string,
  { encrypted }: StackFile,
  { secrets, settings }: Translation,
): Refusal[] {
  return encrypted
    .filter((name) => !(name in secrets) && !(name in settings))
    .map((name) => ({
      subject: name,
      problem: "is encrypted in the stack's file, and the provider.yaml says nothing of it",
      command: shell`pulumi config rm -s ${stack} ${name}`,
    }));
}

/** Calls back with the name of a file that holds the bid price script, which has no place in the project yet. */
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
  };
}

/** A setting as Pulumi hands it over: text as it is, objects and lists as JSON. */
function settingText(value: unknown): string {
  return isMap(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
