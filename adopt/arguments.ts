import { commandLine, flag, value, type ValuesOf } from "../lib/commandLine.ts";
import { exitCode, UsageError } from "../lib/errors.ts";
import { dnsLabel, helmReleaseName, stackName } from "../lib/names.ts";

/** The line of `npm run adopt`. */
export const adoptLine = commandLine(
  {
    command: "npm run adopt --",
    usage: "[<provider.yaml>] -s <stack> [options]",
    description: [
      "Adopts a running provider into a stack, without a restart: its settings from the file that was passed to Helm, its " +
        "namespace, its Helm release and its Secrets. Ends with a preview of the next up.",
      "Without a file, recovers the state of a stack that has deployed the provider. The settings are those in " +
        "the stack's own file.",
    ],
    parameters: {
      file: value(
        "[provider.yaml]",
        "the values file; without it, the settings come from the stack's file",
      ),
      stack: value("-s, --stack <stack>", "the stack; created if it does not exist", {
        missing: "Name the stack with -s",
        read: named("--stack", stackName, "is not a stack name"),
      }),
      namespace: value("--namespace <name>", "namespace of the release (default: akash-services)", {
        read: named("--namespace", dnsLabel, "is not a DNS label"),
      }),
      releaseName: value("--release <name>", "name of the Helm release (default: akash-provider)", {
        read: named("--release", helmReleaseName, "is not a valid name of a Helm release"),
      }),
      zone: value(
        "--zone <name>",
        "DNS zone of the credential in the file, which does not name it",
      ),
      dryRun: flag("--dry-run", "only print what would be done"),
      json: flag("--json", "print JSON to standard output, and everything else to standard error"),
    },
    tooMany: () => "Name one values file",
    exits: {
      [exitCode.success]: "done",
      [exitCode.failure]: "refused or failed; where it was refused, nothing was changed",
      [exitCode.usage]: "wrong usage",
    },
  },
  (args) => {
    if (args.file === undefined && args.zone !== undefined) {
      throw new UsageError("--zone is for the credential in a values file; name the file, too");
    }
    return args;
  },
);

/** Reads a name that matches a form. */
function named(option: string, form: RegExp, problem: string): (text: string) => string {
  return (text) => {
    if (!form.test(text)) {
      throw new UsageError(`${option} ${JSON.stringify(text)} ${problem}`);
    }
    return text;
  };
}

/** The command's arguments. */
export type Arguments = ValuesOf<typeof adoptLine>;
