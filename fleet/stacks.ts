import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stackEnvironment, type Environment } from "../config/environment.ts";
import { UserError } from "../lib/errors.ts";
import { printableLine } from "../lib/printable.ts";
import { shell } from "../lib/shell.ts";
import { readProject } from "../lib/stackFile.ts";
import { matcher } from "./pattern.ts";

/** The stacks of this machine's sandbox, which are no provider's. */
const sandboxStacks = "local*";
const isOfSandbox = matcher(sandboxStacks);

/**
 * The stacks of a project: those that have a file.
 *
 * @param directory the project's
 * @returns names in their order, numbers by their value
 */
export function stacksOf(directory: string): readonly string[] {
  const { stackConfigDir = "." } = readProject(directory);
  return readdirSync(join(directory, stackConfigDir))
    .flatMap((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1] ?? [])
    .sort(new Intl.Collator("en", { numeric: true }).compare);
}

/**
 * Those of the stacks that match one of the patterns, such as `prod-*`.
 *
 * @param patterns each of a stack's whole name. Default, where there are none: all but the sandbox's, `local*`
 * @throws UserError where a pattern matches none
 */
export function chosenStacks(
  stacks: readonly string[],
  patterns: readonly string[],
): readonly string[] {
  if (patterns.length === 0) {
    const chosen = stacks.filter((stack) => !isOfSandbox(stack));
    if (chosen.length === 0) {
      throw new UserError(
        `There is no stack beside the sandbox's (${sandboxStacks}). A stack is made by: pulumi stack init 'STACK'`,
      );
    }
    return chosen;
  }
  const idle = patterns.find((pattern) => !stacks.some(matcher(pattern)));
  if (idle !== undefined) {
    const known = stacks.length === 0 ? "none" : stacks.map(printableLine).join(", ");
    throw new UserError(
      `--stacks ${printableLine(idle)} matches no stack that has a file. Those that have one: ${known}. A stack is made by: ${shell`pulumi stack init ${idle.replaceAll(/[*?]/g, "x")}`}`,
    );
  }
  const matchers = patterns.map(matcher);
  return stacks.filter((stack) => matchers.some((matches) => matches(stack)));
}

/**
 * The stacks for trials, or all others: a name that says neither is taken for the real thing.
 *
 * @param environment which of them
 */
export function stacksFor(stacks: readonly string[], environment: Environment): readonly string[] {
  return stacks.filter(
    (stack) => (stackEnvironment(stack) === "staging") === (environment === "staging"),
  );
}

/**
 * Which stack goes first, alone: what it shows, the others are spared.
 *
 * @param wanted the stack that was named. Default: the first whose name says staging, else the first of all
 * @throws UserError where the one that was named is not among the stacks
 */
export function canaryOf(stacks: readonly string[], wanted: string | undefined): string {
  const [first = ""] = stacks;
  if (wanted === undefined) {
    return stacks.find((stack) => stackEnvironment(stack) === "staging") ?? first;
  }
  if (!stacks.includes(wanted)) {
    throw new UserError(
      `--canary ${printableLine(wanted)} is not one of the stacks that are chosen: ${stacks.map(printableLine).join(", ")}. Which stacks have a file: ls stacks`,
    );
  }
  return wanted;
}
