import { styleText } from "node:util";
import { Argument, Command, CommanderError, Option } from "commander";
import { exitCode, runCommand, UsageError, type FailureCodes } from "./errors.ts";

/**
 * An option or an argument of a command, created by {@link flag}, {@link value} or {@link values}.
 *
 * @typeParam Value the type of its value
 */
export interface Parameter<Value> {
  /** The form in the help text: `-s, --stack <stack>` and `--json` are options, `[file]` is an argument. */
  readonly written: string;
  readonly description: string;
  readonly repeatable: boolean;
  /** Parses the text. @throws UsageError where it is invalid */
  readonly read: (text: string) => unknown;
  /** The value of a missing parameter. */
  readonly absent: () => Value;
  /** That value in the help text. */
  readonly shownDefault: string | undefined;
  readonly choices: readonly string[] | undefined;
}

/** The settings of a {@link value}. */
interface ValueSettings {
  /** The default text. */
  readonly default?: string;
  /** The error message where a required parameter is missing. */
  readonly missing?: string;
  /** The valid texts, for the help text; `read` rejects others. */
  readonly choices?: readonly string[];
}

/** Parses the text. @throws UsageError where it is invalid */
interface Reading<Value> {
  readonly read: (text: string) => Value;
}

/** The settings with which there is always a value. */
type Always = { readonly default: string } | { readonly missing: string };

/** An option without a value, such as `--json`. */
export function flag(written: string, description: string): Parameter<boolean> {
  return parameter(written, description, { absent: () => false });
}

/** An option with a value, or an argument; given at most once. */
export function value<Value>(
  written: string,
  description: string,
  settings: ValueSettings & Reading<Value> & Always,
): Parameter<Value>;
export function value<Value>(
  written: string,
  description: string,
  settings: ValueSettings & Reading<Value>,
): Parameter<Value | undefined>;
export function value(
  written: string,
  description: string,
  settings: ValueSettings & Always,
): Parameter<string>;
export function value(written: string, description: string): Parameter<string | undefined>;
export function value(
  written: string,
  description: string,
  settings: ValueSettings & Partial<Reading<unknown>> = {},
): Parameter<unknown> {
  const { read = (text: string) => text, choices, default: shownDefault, missing } = settings;
  const absent = () => {
    if (missing !== undefined) {
      throw new UsageError(missing);
    }
    return shownDefault === undefined ? undefined : read(shownDefault);
  };
  return parameter(written, description, { read, absent, shownDefault, choices });
}

/** An option that can be given repeatedly, or any number of arguments (`[files...]`). */
export function values<Value>(
  written: string,
  description: string,
  read: (text: string) => Value,
): Parameter<readonly Value[]> {
  return parameter(written, description, { read, absent: () => [], repeatable: true });
}

function parameter<Value>(
  written: string,
  description: string,
  more: Partial<Parameter<Value>> & Pick<Parameter<Value>, "absent">,
): Parameter<Value> {
  return {
    written,
    description,
    repeatable: false,
    read: (text) => text,
    shownDefault: undefined,
    choices: undefined,
    ...more,
  };
}

type ParametersByName = Readonly<Record<string, Parameter<unknown>>>;

type ValuesOfParameters<All extends ParametersByName> = {
  readonly [Name in keyof All]: All[Name] extends Parameter<infer Value> ? Value : never;
};

/** The definition of a command line. */
export interface Definition<All extends ParametersByName> {
  /** The command before the arguments: `npm run doctor --`. */
  readonly command: string;
  /** The rest of the usage line. */
  readonly usage: string;
  /** Each a paragraph of the help text. */
  readonly description: readonly string[];
  /** In the order of the help text; arguments in their order on the command line. */
  readonly parameters: All;
  /** The error message for too many arguments. Default: a message with the permitted number. */
  readonly tooMany?: (words: readonly string[]) => string;
  /** The meaning of each exit code. Default: those of most commands. */
  readonly exits?: Readonly<Record<number, string>>;
  /** The exit codes of failures among them. Default: those of most commands. */
  readonly codes?: FailureCodes;
}

/** The command line of a command. */
export interface CommandLine<Values> {
  readonly codes: FailureCodes;
  /**
   * Parses the arguments of a command line.
   *
   * @param write writes the help text, if requested. Default: to standard output
   * @returns undefined where the help text is requested
   * @throws UsageError for invalid arguments; its last sentence names the command for the help text
   */
  parse(args: readonly string[], write?: (text: string) => void): Values | undefined;
}

/** The parsed values of a command line. */
export type ValuesOf<Line extends CommandLine<unknown>> =
  Line extends CommandLine<infer Values> ? Values : never;

const usualExits = {
  [exitCode.success]: "done",
  [exitCode.failure]: "failed",
  [exitCode.usage]: "wrong usage",
};

/**
 * Defines the command line of a command.
 *
 * @param result converts the values for the command, and throws a UsageError for an invalid combination
 */
export function commandLine<All extends ParametersByName, Values = ValuesOfParameters<All>>(
  definition: Definition<All>,
  result: (values: ValuesOfParameters<All>) => Values = (all) => all as Values,
): CommandLine<Values> {
  return {
    codes: definition.codes ?? exitCode,
    parse(args, write = (text) => process.stdout.write(text)) {
      try {
        const found = read(definition, args, write);
        return found && result(found);
      } catch (error) {
        throw asUsageError(error, definition);
      }
    },
  };
}

/** Runs a command with the arguments of this process to its end, and sets the exit code of this process. */
export async function runCommandLine<Values>(
  line: CommandLine<Values>,
  main: (values: Values) => Promise<number>,
): Promise<void> {
  await runCommand(async () => {
    const found = line.parse(process.argv.slice(2));
    return found === undefined ? exitCode.success : main(found);
  }, line.codes);
}

/** Uses a new Command for each command line, since a Command keeps the parsed values. */
function read<All extends ParametersByName>(
  definition: Definition<All>,
  args: readonly string[],
  write: (text: string) => void,
): ValuesOfParameters<All> | undefined {
  const command = described(definition, write);
  const readers = Object.entries(definition.parameters).map(
    ([name, one]) => [name, register(command, one, args)] as const,
  );
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    if (error.code === "commander.helpDisplayed") {
      return undefined;
    }
    throw error.code === "commander.excessArguments" && definition.tooMany !== undefined
      ? new UsageError(definition.tooMany(command.args))
      : error;
  }
  return Object.fromEntries(
    readers.map(([name, found]) => [name, found()]),
  ) as ValuesOfParameters<All>;
}

/** The width of the help text: without a terminal, and at most. */
const width = { usual: 100, most: 120 };

function described(
  { command, usage, description, exits = usualExits }: Definition<ParametersByName>,
  write: (text: string) => void,
): Command {
  // Commander removes the styles where the output has no colours, or NO_COLOR is set.
  const heading = (text: string) => styleText("bold", text, { validateStream: false });
  const codes = Object.entries(exits).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return new Command(command)
    .usage(usage)
    .description(description.join("\n\n"))
    .helpOption("-h, --help", "show this text")
    .configureHelp({ styleTitle: heading, minWidthToWrap: 30 })
    .addHelpText("after", ["", heading("Exit codes:"), ...codes].join("\n"))
    .configureOutput({
      writeOut: write,
      // The error is thrown, and printed with all others.
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(process.stdout.columns ?? width.usual, width.most),
    })
    .exitOverride();
}

/** Registers a parameter with commander. The returned function reads its value after parsing. */
function register(
  command: Command,
  one: Parameter<unknown>,
  args: readonly string[],
): () => unknown {
  return one.written.startsWith("-")
    ? registerOption(command, one, args)
    : registerArgument(command, one);
}

function registerArgument(command: Command, one: Parameter<unknown>): () => unknown {
  const argument = new Argument(one.written, one.description);
  showMore(argument, one);
  argument.argParser((word, former: unknown) => taken(one, argument.name(), word, former));
  const index = command.registeredArguments.length;
  command.addArgument(argument);
  return () =>
    command.args.length > index ? (command.processedArgs[index] as unknown) : one.absent();
}

function registerOption(
  command: Command,
  one: Parameter<unknown>,
  args: readonly string[],
): () => unknown {
  const option = new Option(one.written, one.description);
  showMore(option, one);
  const key = option.attributeName();
  const name = option.long ?? one.written;
  const given = () => command.getOptionValueSource(key) === "cli";
  if (!option.isBoolean()) {
    option.argParser((word, former: unknown) => {
      if (given() && !one.repeatable) {
        throw new UsageError(`${name} is set more than once`);
      }
      // Where a value is missing, commander uses the next option as the value.
      if (/^-./.test(word) && args.includes(word)) {
        throw new UsageError(
          `${name} has no value; if ${word} is its value, write ${name}=${word}`,
        );
      }
      return taken(one, name, word, former);
    });
  }
  command.addOption(option);
  return () => (given() ? (command.getOptionValue(key) as unknown) : one.absent());
}

/** The value so far, including a word. */
function taken(one: Parameter<unknown>, name: string, word: string, former: unknown): unknown {
  if (word === "") {
    throw new UsageError(`${name} is empty`);
  }
  const found = one.read(word);
  return one.repeatable ? [...((former ?? []) as readonly unknown[]), found] : found;
}

/** Shows choices and default in the help text. Choices add a parser to commander, which the parameter's own replaces. */
function showMore(
  shown: Option | Argument,
  { choices, shownDefault }: Pick<Parameter<unknown>, "choices" | "shownDefault">,
): void {
  if (choices !== undefined) {
    shown.choices(choices);
  }
  if (shownDefault !== undefined) {
    shown.default(shownDefault, shownDefault);
  }
}

/** Converts an error about the command line to a UsageError that ends with the command for help; others stay unchanged. */
function asUsageError(
  error: unknown,
  { command, parameters }: Definition<ParametersByName>,
): unknown {
  if (!(error instanceof CommanderError) && !(error instanceof UsageError)) {
    return error;
  }
  const messages =
    error instanceof UsageError ? [error.message] : commanderMessages(error, parameters);
  const sentences = [...messages, `See ${command.replace(/ --$/, "")} -- --help`].map((text) =>
    /[.?!)]$/.test(text) ? text : `${text}.`,
  );
  return new UsageError(sentences.join(" "), { cause: error });
}

function commanderMessages(
  { message }: CommanderError,
  parameters: ParametersByName,
): readonly string[] {
  // Commander reports the whole of --json=yes as an unknown option.
  const [, option] = /^error: unknown option '(--[^=']+)=/.exec(message) ?? [];
  const known = ["--help", ...Object.values(parameters).map(({ written }) => written)];
  if (option !== undefined && known.some((written) => written.split(/[ ,]+/).includes(option))) {
    return [`${option} takes no value`];
  }
  const lines = message.replace(/^error: /, "").split("\n");
  return lines.map((line) => line.charAt(0).toUpperCase() + line.slice(1));
}
