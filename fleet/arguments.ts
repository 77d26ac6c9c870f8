import { commandLine, flag, value, values, type ValuesOf } from "../lib/commandLine.ts";
import { UsageError } from "../lib/errors.ts";
import { actions, type Action } from "./action.ts";
import { exitCode } from "./exitCode.ts";

/** The line of `npm run fleet`. */
export const fleetLine = commandLine(
  {
    command: "npm run fleet --",
    usage: "<preview|up|rotate|doctor> [options] [-- <options of the doctor>]",
    description: [
      "Does the same with many stacks: a canary first, then some at a time, the doctor after each. After the first that " +
        "fails, no other is begun. The same command goes on where one failed, was interrupted or killed.",
      "up makes stacks that have a file and are not in Pulumi's backend yet; rotate replaces the DNS credentials that " +
        "are due; preview and doctor change nothing.",
    ],
    parameters: {
      action: value("[action]", "what to do", {
        choices: actions,
        missing: `Name what to do: ${actions.join(", ")}`,
        read: readAction,
      }),
      doctorOptions: values(
        "[doctor...]",
        "after a further --, options for each run of the doctor, such as --dns-server",
        String,
      ),
      stacks: values(
        "--stacks <pattern>",
        "stacks by their names, such as 'prod-*'; can be repeated (default: all that have a file but local*)",
        String,
      ),
      canary: value(
        "--canary <stack>",
        "the stack that goes first, alone (default: the first whose name says staging, else the first)",
      ),
      concurrency: value("--concurrency <number>", "how many stacks at a time after the canary", {
        read: (text) => wholeNumber("--concurrency", text, 1),
        default: "4",
      }),
      all: flag("--all", "rotate: also credentials that are not due"),
      dueWithin: value("--due-within <days>", "rotate: also what is due in so many days", {
        read: (text) => wholeNumber("--due-within", text, 0),
        default: "0",
      }),
      policyPacks: values(
        "--policy-pack <folder>",
        "run this policy pack; can be repeated",
        String,
      ),
      /** In milliseconds. */
      patience: value(
        "--patience <seconds>",
        "how long the doctor may find errors until they count: a certificate takes minutes",
        { read: (text) => 1_000 * wholeNumber("--patience", text, 0), default: "300" },
      ),
      fresh: flag("--fresh", "begin anew, also with what an unfinished run has done"),
      json: flag("--json", "print JSON at the end, and the steps to standard error"),
      sandbox: flag("--sandbox", "the stacks are for the sandbox of npm start"),
    },
    exits: {
      [exitCode.done]: "all done, without errors",
      [exitCode.failure]: "a stack has failed, or the doctor has found errors",
      [exitCode.usage]: "wrong usage",
      [exitCode.interrupted]: "interrupted before all were done",
    },
    codes: exitCode,
  },
  (all) => {
    const [word] = all.doctorOptions;
    if (word !== undefined && !word.startsWith("-")) {
      throw new UsageError(`${word} is no option; a stack is named by: --stacks ${word}`);
    }
    const forRotation = all.all ? "--all" : all.dueWithin > 0 ? "--due-within" : undefined;
    if (forRotation !== undefined && all.action !== "rotate") {
      throw new UsageError(`${forRotation} is for rotate alone; leave it out`);
    }
    if (all.policyPacks.length > 0 && all.action === "doctor") {
      throw new UsageError("--policy-pack is not for the doctor; leave it out");
    }
    return all;
  },
);

/** What the arguments ask for. */
export type FleetArguments = ValuesOf<typeof fleetLine>;

function readAction(text: string): Action {
  const found = actions.find((action) => action === text);
  if (found === undefined) {
    throw new UsageError(`${text} is none of ${actions.join(", ")}`);
  }
  return found;
}

function wholeNumber(option: string, text: string, least: number): number {
  // More days, seconds or stacks than anybody means.
  if (!/^\d{1,5}$/.test(text) || Number(text) < least) {
    throw new UsageError(`${option} takes a whole number from ${least}, not ${text}`);
  }
  return Number(text);
}
