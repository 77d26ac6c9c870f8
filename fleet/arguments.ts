import { commandLine, flag, value, values, type ValuesOf } from "../lib/commandLine.ts";
import { UsageError } from "../lib/errors.ts";
import { actions, type Action } from "./action.ts";
import { exitCode } from "./exitCode.ts";

/** The command line of `npm run fleet`. */
export const fleetLine = commandLine(
  {
    command: "npm run fleet --",
    usage: "<preview|up|rotate|doctor> [options] [-- <options of the doctor>]",
    description: [
      "Runs an action on many stacks: a canary first, then several at a time, with the doctor after each. After the " +
        "first failure, no other stack starts. The same command continues a run that failed, was interrupted or killed.",
      "up creates stacks that have a file and are not in Pulumi's backend yet; rotate replaces the DNS credentials that " +
        "are due; preview and doctor change nothing.",
    ],
    parameters: {
      action: value("[action]", "the action", {
        choices: actions,
        missing: `Name an action: ${actions.join(", ")}`,
        read: readAction,
      }),
      doctorOptions: values(
        "[doctor...]",
        "after a further --, options for each run of the doctor, such as --dns-server",
        String,
      ),
      stacks: values(
        "--stacks <pattern>",
        "stacks by name, such as 'prod-*'; can be repeated (default: all with a file except local*)",
        String,
      ),
      canary: value(
        "--canary <stack>",
        "the stack that runs first, alone (default: the first staging stack by name, else the first)",
      ),
      concurrency: value(
        "--concurrency <number>",
        "how many stacks run at the same time after the canary",
        {
          read: (text) => wholeNumber("--concurrency", text, 1),
          default: "4",
        },
      ),
      all: flag("--all", "rotate: also credentials that are not due"),
      dueWithin: value(
        "--due-within <days>",
        "rotate: also credentials that are due within these days",
        {
          read: (text) => wholeNumber("--due-within", text, 0),
          default: "0",
        },
      ),
      policyPacks: values(
        "--policy-pack <folder>",
        "run this policy pack; can be repeated",
        String,
      ),
      /** In milliseconds. */
      patience: value(
        "--patience <seconds>",
        "how long to wait while the doctor finds errors: a certificate takes minutes",
        { read: (text) => 1_000 * wholeNumber("--patience", text, 0), default: "300" },
      ),
      fresh: flag("--fresh", "start again, including the stacks that an unfinished run completed"),
      json: flag("--json", "print JSON at the end, and the steps to standard error"),
      sandbox: flag("--sandbox", "the stacks are for the sandbox of npm start"),
    },
    exits: {
      [exitCode.done]: "all done, without errors",
      [exitCode.failure]: "a stack failed, or the doctor found errors",
      [exitCode.usage]: "wrong usage",
      [exitCode.interrupted]: "interrupted before all were done",
    },
    codes: exitCode,
  },
  (all) => {
    const [word] = all.doctorOptions;
    if (word !== undefined && !word.startsWith("-")) {
      throw new UsageError(`${word} is not an option; to name a stack: --stacks ${word}`);
    }
    const forRotation = all.all ? "--all" : all.dueWithin > 0 ? "--due-within" : undefined;
    if (forRotation !== undefined && all.action !== "rotate") {
      throw new UsageError(`${forRotation} is only for rotate; remove it`);
    }
    if (all.policyPacks.length > 0 && all.action === "doctor") {
      throw new UsageError("--policy-pack is not for the doctor; remove it");
    }
    return all;
  },
);

/** The parsed arguments. */
export type FleetArguments = ValuesOf<typeof fleetLine>;

function readAction(text: string): Action {
  const found = actions.find((action) => action === text);
  if (found === undefined) {
    throw new UsageError(`${text} is not one of ${actions.join(", ")}`);
  }
  return found;
}

function wholeNumber(option: string, text: string, least: number): number {
  // Larger numbers of days, seconds or stacks are mistakes.
  if (!/^\d{1,5}$/.test(text) || Number(text) < least) {
    throw new UsageError(`${option} takes a whole number from ${least}, not ${text}`);
  }
  return Number(text);
}
