import { commandLine, flag, value, type ValuesOf } from "../../lib/commandLine.ts";
import { UsageError } from "../../lib/errors.ts";
import { shell } from "../../lib/shell.ts";

/** The stacks that the sandbox deploys, by their argument. */
export const stacks: ReadonlyMap<string, string> = new Map([
  ["http", "local"],
  ["gcp", "local-gcp"],
  ["cloudflare", "local-cloudflare"],
]);

/** The stacks that also have the wildcard certificate, by the same argument. */
export const wildcardStacks: ReadonlyMap<string, string> = new Map([
  ["gcp", "local-gcp-wildcard"],
  ["cloudflare", "local-cloudflare-wildcard"],
]);

/** The command line of `npm start`. */
export const startLine = commandLine({
  command: "npm start --",
  usage: `[${[...stacks.keys()].join("|")}] [options]`,
  description: [
    "Starts the sandbox on this machine, deploys the provider in it, and obtains its certificate.",
  ],
  parameters: {
    /** The stack to deploy. */
    stack: value(
      "[stack]",
      "http: stack local, HTTP-01; gcp: stack local-gcp, DNS-01 through Google Cloud DNS; cloudflare: stack " +
        "local-cloudflare, DNS-01 through Cloudflare",
      { read: stackOf, choices: [...stacks.keys()], default: "http" },
    ),
    wildcard: flag(
      "--wildcard",
      "also obtain the wildcard certificate of the tenants' ingress, through cert-manager: stack local-gcp-wildcard " +
        "or local-cloudflare-wildcard",
    ),
    fresh: flag("--fresh", "start with an empty cluster and an empty Pulumi state"),
    json: flag(
      "--json",
      "print the summary as JSON on standard output, and everything else on standard error",
    ),
  },
  tooMany: (words) => `Name one stack at a time, not ${words.join(" and ")}`,
});

/** The values of the arguments of `npm start`. */
export type StartArguments = ValuesOf<typeof startLine>;

function stackOf(word: string): string {
  const stack = stacks.get(word);
  if (stack === undefined) {
    const words = [...stacks.keys()].join(", ");
    throw new UsageError(`There is no stack \`${word}\`; the stacks are ${words}`);
  }
  return stack;
}

/**
 * The stack that the arguments of `npm start` select.
 *
 * @throws UsageError when the stack has no wildcard certificate, which requires DNS-01
 */
export function chosenStack({
  stack,
  wildcard,
}: Pick<StartArguments, "stack" | "wildcard">): string {
  const [word = ""] = [...stacks].find(([, name]) => name === stack) ?? [];
  const chosen = wildcard ? wildcardStacks.get(word) : stack;
  if (chosen === undefined) {
    const words = [...wildcardStacks.keys()].map((one) => shell`npm start -- ${one} --wildcard`);
    throw new UsageError(`A wildcard certificate requires DNS-01: ${words.join(" or ")}`);
  }
  return chosen;
}
