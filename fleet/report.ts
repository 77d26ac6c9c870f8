import { printable, printableLine } from "../lib/printable.ts";
import { joined, shell, shellWord, type ShellText } from "../lib/shell.ts";
import type { Action } from "./action.ts";
import type { FleetArguments } from "./arguments.ts";
import type { exitCode } from "./exitCode.ts";
import type { StackProgress } from "./progress.ts";
import type { Paint } from "./table.ts";

/** The result of a run. */
export interface FleetReport {
  /** Increases when a field is removed or changes its meaning. */
  readonly version: 1;
  readonly action: Action;
  readonly canary: string;
  /** In RFC 3339 form. */
  readonly began: string;
  readonly ended: string;
  readonly outcome: keyof typeof exitCode;
  readonly stacks: readonly StackProgress[];
}

/** The outcome of a run, by the results of its stacks. */
export function outcomeOf(
  stacks: readonly Pick<StackProgress, "state">[],
): Exclude<FleetReport["outcome"], "usage"> {
  if (stacks.some(({ state }) => state === "failed")) {
    return "failure";
  }
  return stacks.every(({ state }) => state === "done") ? "done" : "interrupted";
}

/** The text below the table: why stacks failed, and how to continue. */
export function closingLines(
  stacks: readonly StackProgress[],
  again: ShellText,
  paint: Paint,
): readonly string[] {
  const failed = stacks.filter(({ state }) => state === "failed");
  const waiting = stacks.filter(({ state }) => state === "waiting");
  const failures = failed.flatMap(({ stack, failure, log }) => [
    "",
    paint("red", `✖ ${printableLine(stack)}`),
    ...printable(failure ?? "")
      .split("\n")
      .map((line) => `  ${line}`),
    ...(log === null ? [] : [`  Pulumi's output: ${shell`cat ${log}`}`]),
  ]);
  const names = waiting.map(({ stack }) => printableLine(stack)).join(", ");
  const left = waiting.length === 0 ? [] : ["", `Not started: ${names}.`];
  const next = failed.length + waiting.length === 0 ? [] : [`The same command continues: ${again}`];
  return [...failures, ...left, ...next];
}

/** The same command, without `--fresh`. */
export function sameCommand(args: FleetArguments): ShellText {
  const { action, stacks, canary, concurrency, all, dueWithin, policyPacks, patience } = args;
  const option = (name: ShellText, values: readonly (string | number)[]) =>
    values.map((value) => shell`${name} ${value}`);
  const words = [
    shell`npm run fleet -- ${action}`,
    ...option(shell`--stacks`, stacks),
    ...(canary === undefined ? [] : option(shell`--canary`, [canary])),
    ...(concurrency === 4 ? [] : option(shell`--concurrency`, [concurrency])),
    ...(all ? [shell`--all`] : []),
    ...(dueWithin === 0 ? [] : option(shell`--due-within`, [dueWithin])),
    ...option(shell`--policy-pack`, policyPacks),
    ...(patience === 300_000 ? [] : option(shell`--patience`, [patience / 1_000])),
    ...(args.json ? [shell`--json`] : []),
    ...(args.sandbox ? [shell`--sandbox`] : []),
    ...(args.doctorOptions.length === 0 ? [] : [shell`--`, ...args.doctorOptions.map(shellWord)]),
  ];
  return joined(words, " ");
}
