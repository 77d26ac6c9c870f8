import { commandLine, flag, value, type ValuesOf } from "../../lib/commandLine.ts";
import { UsageError } from "../../lib/errors.ts";

/** The stacks that the sandbox deploys, by the word that asks for them. */
export const stacks: ReadonlyMap<string, string> = new Map([
  ["http", "local"],
  ["gcp", "local-gcp"],
  ["cloudflare", "local-cloudflare"],
]);

/** The line of `npm start`. */
export const startLine = commandLine({
  command: "npm start --",
  usage: `[${[...stacks.keys()].join("|")}] [options]`,
  description: [
    "Starts the sandbox on this machine, deploys the provider in it, and gets its certificate.",
  ],
  parameters: {
    /** The stack to deploy. */
    stack: value(
      "[stack]",
      "http is stack local: HTTP-01; gcp is stack local-gcp: DNS-01 through Google Cloud DNS; cloudflare is stack " +
        "local-cloudflare: DNS-01 through Cloudflare",
      { read: stackOf, choices: [...stacks.keys()], default: "http" },
    ),
    fresh: flag("--fresh", "begin with an empty cluster and an empty Pulumi state"),
    json: flag(
      "--json",
      "print the summary as JSON on standard output, and all else on standard error",
    ),
  },
  tooMany: (words) => `One stack at a time, not ${words.join(" and ")}`,
});

/** What the arguments of `npm start` ask for. */
export type StartArguments = ValuesOf<typeof startLine>;

function stackOf(word: string): string {
  const stack = stacks.get(word);
  if (stack === undefined) {
    const words = [...stacks.keys()].join(", ");
    throw new UsageError(`There is nothing called \`${word}\` to start; there is ${words}`);
  }
  return stack;
}
