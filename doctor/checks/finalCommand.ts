import { issuerDnsProvider } from "../../chart/repairs.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, NotAvailable, type Problem } from "../finding.ts";
import { restart } from "./remedies.ts";

const differs: Problem = {
  id: "command-differs",
  severity: "error",
  title: "The provider was started with flags other than the stack's",
  why: "The chart's script logs the command on the line `Final command:` before it runs the command, so the provider uses these flags.",
  command: restart,
};

/** The line of the chart's scripts/run.sh. */
const prefix = "Final command:";

/** The flags of a command line, with and without `=`, by name. */
export function flagsOf(command: string): ReadonlyMap<string, string> {
  const flags = /--([a-z][\w-]*)(?:=(\S*)|\s+(?!-)(\S+))?/g;
  return new Map(
    [...command.matchAll(flags)].map(([, name = "", joined, apart]) => [
      name,
      (joined ?? apart ?? "true").replace(/^(["'])(.*)\1$/, "$2"),
    ]),
  );
}

function expectedFlags({ challenge, directoryUrl, email }: Expectation) {
  return {
    "cert-issuer-enabled": "true",
    "cert-issuer-email": email,
    "cert-issuer-ca-dir-url": directoryUrl,
    "cert-issuer-dns-providers":
      challenge.type === "dns-01" ? issuerDnsProvider[challenge.dnsProvider] : undefined,
    ...(challenge.type === "dns-01" && { "cert-issuer-http-challenge-port": undefined }),
  };
}

/** The provider's command line in its log. */
export const finalCommand: Check = {
  id: "command",
  group: "Let's Encrypt settings",
  title: "The provider was started with the stack's settings",
  problems: [differs],
  run: async ({ expected, cluster }) => {
    // The last such line: the log may begin before a restart.
    const line = (await cluster.log()).findLast(({ text }) => text.includes(prefix))?.text;
    if (line === undefined) {
      throw new NotAvailable(`the log has no line "${prefix}", or no longer has it`);
    }
    const flags = flagsOf(line.slice(line.indexOf(prefix)));
    const wrong = Object.entries(expectedFlags(expected)).filter(
      ([name, value]) => flags.get(name) !== value,
    );
    return {
      seen: `${flags.size} flags`,
      found: wrong.map(([name, value]) =>
        found(differs, expected, {
          subject: name,
          expected: value === undefined ? `no --${name}` : `--${name}=${value}`,
          seen: flags.has(name) ? `--${name}=${flags.get(name) ?? ""}` : `no --${name}`,
        }),
      ),
    };
  },
};
