import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stackEnvironment, type Environment } from "../config/environment.ts";
import { UserError } from "../lib/errors.ts";
import { printableLine } from "../lib/printable.ts";
import { placeholder, shell, type ShellValue } from "../lib/shell.ts";
import { readProject } from "../lib/stackFile.ts";
import { matcher } from "./pattern.ts";

/** The stacks of this machine's sandbox, which have no provider. */
const sandboxStacks = "local*";
const isOfSandbox = matcher(sandboxStacks);

/**
 * The stacks of a project that have a file.
 *
 * @param directory the project directory
 * @returns sorted names, with numbers by their value
 */
export function stacksOf(directory: string): readonly string[] {
  const { stackConfigDir = "." } = readProject(directory);
  return readdirSync(join(directory, stackConfigDir))
    .flatMap((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1] ?? [])
    .sort(new Intl.Collator("en", { numeric: true }).compare);
}

/**
 * The stacks that match one of the patterns, such as `prod-*`.
 *
 * @param patterns for whole names of stacks. Default, where there are none: all except the sandbox's, `local*`
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
        `There is no stack except the sandbox's (${sandboxStacks}). To create one: pulumi stack init 'STACK'`,
      );
    }
    return chosen;
  }
  const idle = patterns.find((pattern) => !stacks.some(matcher(pattern)));
  if (idle !== undefined) {
    const known = stacks.length === 0 ? "none" : stacks.map(printableLine).join(", ");
    throw new UserError(
      `--stacks ${printableLine(idle)} matches no stack with a file. Stacks with a file: ${known}. To create one: ${shell`pulumi stack init ${exampleOf(idle)}`}`,
    );
  }
  const matchers = patterns.map(matcher);
  return stacks.filter((stack) => matchers.some((matches) => matches(stack)));
}

/** A stack's name that a pattern may have meant. Stacks have files, so it is without organization and project. */
function exampleOf(pattern: string): ShellValue {
  const name = pattern.replaceAll(/[*?]/g, "x");
  return /^\w[\w.-]{0,99}$/.test(name) ? name : placeholder("stack");
}

/**
 * The staging stacks, or all others: a name that indicates neither environment counts as production.
 *
 * @param environment the wanted environment
 */
export function stacksFor(stacks: readonly string[], environment: Environment): readonly string[] {
  return stacks.filter(
    (stack) => (stackEnvironment(stack) === "staging") === (environment === "staging"),
  );
}

/**
 * The stack that runs first, alone, so that its failure does not affect the others.
 *
 * @param wanted the named stack. Default: the first staging stack by name, else the first of all
 * @throws UserError where the named stack is not among the stacks
 */
export function canaryOf(stacks: readonly string[], wanted: string | undefined): string {
  const [first = ""] = stacks;
  if (wanted === undefined) {
    return stacks.find((stack) => stackEnvironment(stack) === "staging") ?? first;
  }
  if (!stacks.includes(wanted)) {
    throw new UserError(
      `--canary ${printableLine(wanted)} is not one of the selected stacks: ${stacks.map(printableLine).join(", ")}. Stacks with a file: ls stacks`,
    );
  }
  return wanted;
}
