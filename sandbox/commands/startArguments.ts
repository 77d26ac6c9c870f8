import { commandLine, flag, value, type ValuesOf } from "../../lib/commandLine.ts";
import { UsageError } from "../../lib/errors.ts";
import { shell } from "../../lib/shell.ts";

/** The stacks that the sandbox deploys, by the word that asks for them. */
export const stacks: ReadonlyMap<string, string> = new Map([
  ["http", "local"],
  ["gcp", "local-gcp"],
  ["cloudflare", "local-cloudflare"],
]);

/** Those that have the wildcard certificate beside, by the same. */
export const wildcardStacks: ReadonlyMap<string, string> = new Map([
  ["gcp", "local-gcp-wildcard"],
  ["cloudflare", "local-cloudflare-wildcard"],
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
    wildcard: flag(
      "--wildcard",
      "with the wildcard certificate of the tenants' ingress, through cert-manager: stack local-gcp-wildcard or local-cloudflare-wildcard",
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

/**
 * The stack that the arguments of `npm start` ask for.
 *
 * @throws UsageError where it has no wildcard certificate, which takes DNS-01
 */
export function chosenStack({
  stack,
  wildcard,
}: Pick<StartArguments, "stack" | "wildcard">): string {
  const [word = ""] = [...stacks].find(([, name]) => name === stack) ?? [];
  const chosen = wildcard ? wildcardStacks.get(word) : stack;
  if (chosen === undefined) {
    const words = [...wildcardStacks.keys()].map((one) => shell`npm start -- ${one} --wildcard`);
    throw new UsageError(`A wildcard certificate takes DNS-01: ${words.join(" or ")}`);
  }
  return chosen;
}
