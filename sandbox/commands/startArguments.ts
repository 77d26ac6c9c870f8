import { parseArgs } from "node:util";
import { UsageError } from "../../lib/errors.ts";

/** What `npm start -- --help` shows. */
export const startUsage = `Usage: npm start -- [http|gcp|cloudflare] [--fresh] [--json]

Starts the sandbox on this machine, deploys the provider in it, and gets its certificate.

  http        stack local: HTTP-01, the default
  gcp         stack local-gcp: DNS-01 through Google Cloud DNS
  cloudflare  stack local-cloudflare: DNS-01 through Cloudflare

  --fresh     begin with an empty cluster and an empty Pulumi state
  --json      print the summary as JSON on standard output, and all else on standard error
  --help      this text
`;

/** The stacks that the sandbox deploys, by the word that asks for them. */
export const stacks: ReadonlyMap<string, string> = new Map([
  ["http", "local"],
  ["gcp", "local-gcp"],
  ["cloudflare", "local-cloudflare"],
]);

/** What the arguments of `npm start` ask for. */
export interface StartArguments {
  /** The stack to deploy. */
  readonly stack: string;
  readonly fresh: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/**
 * Reads the arguments of `npm start`.
 *
 * @throws UsageError when they ask for what does not exist.
 */
export function parseStartArguments(args: readonly string[]): StartArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      fresh: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [word = "http", ...rest] = positionals;
  if (rest.length > 0) {
    throw new UsageError(`One stack at a time, not ${positionals.join(" and ")}.\n\n${startUsage}`);
  }
  const stack = stacks.get(word);
  if (stack === undefined) {
    throw new UsageError(`There is nothing called \`${word}\` to start.\n\n${startUsage}`);
  }
  return { stack, ...values };
}
