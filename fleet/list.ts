import { commandLine, runCommandLine, value, values, type ValuesOf } from "../lib/commandLine.ts";
import { exitCode, UsageError } from "../lib/errors.ts";
import { printable } from "../lib/printable.ts";
import { chosenStacks, stacksFor, stacksOf } from "./stacks.ts";

const environments = ["staging", "production"] as const;

/** The command line of `npm run stacks`. */
const line = commandLine({
  command: "npm run stacks --",
  usage: "[options]",
  description: [
    "Prints the names of the stacks with a file as a JSON list, for the matrix of a CI workflow.",
  ],
  parameters: {
    stacks: values(
      "--stacks <pattern>",
      "stacks by name, such as 'prod-*'; can be repeated (default: all with a file except local*)",
      String,
    ),
    environment: value(
      "--environment <which>",
      "staging stacks by their names, or all others (default: both)",
      { choices: environments, read: readEnvironment },
    ),
  },
});

function readEnvironment(text: string): (typeof environments)[number] {
  const found = environments.find((one) => one === text);
  if (found === undefined) {
    throw new UsageError(`--environment takes ${environments.join(" or ")}, not ${text}`);
  }
  return found;
}

function main({ stacks, environment }: ValuesOf<typeof line>): Promise<number> {
  const chosen = chosenStacks(stacksOf(process.cwd()), stacks);
  const wanted = environment === undefined ? chosen : stacksFor(chosen, environment);
  process.stdout.write(`${printable(JSON.stringify(wanted))}\n`);
  return Promise.resolve(exitCode.success);
}

await runCommandLine(line, main);
