import { commandLine, flag, value, type ValuesOf } from "../lib/commandLine.ts";
import { exitCode, UsageError } from "../lib/errors.ts";
import { dnsLabel, helmReleaseName, stackName } from "../lib/names.ts";

/** The line of `npm run adopt`. */
export const adoptLine = commandLine(
  {
    command: "npm run adopt --",
    usage: "[<provider.yaml>] -s <stack> [options]",
    description: [
      "Takes a running provider into a stack, without a restart: its settings from the file that Helm was given, its " +
        "namespace, its Helm release and its Secrets. Ends with a preview of what the next up changes.",
      "Without a file it gives a stack that has deployed the provider, and lost its state, the provider back. The " +
        "settings are those in the stack's own file.",
    ],
    parameters: {
      file: value(
        "[provider.yaml]",
        "the values file; without it, the settings are the stack's own",
      ),
      stack: value("-s, --stack <stack>", "the stack; made where there is none", {
        missing: "Name the stack with -s",
        read: named("--stack", stackName, "is no name of a stack"),
      }),
      namespace: value("--namespace <name>", "namespace of the release (default: akash-services)", {
        read: named("--namespace", dnsLabel, "is not a DNS label"),
      }),
      releaseName: value("--release <name>", "name of the Helm release (default: akash-provider)", {
        read: named("--release", helmReleaseName, "is no name that Helm gives a release"),
      }),
      zone: value("--zone <name>", "DNS zone of the credential in the file, which does not say it"),
      dryRun: flag("--dry-run", "only say what would be done"),
      json: flag("--json", "say it as JSON on standard output, and all else on standard error"),
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
      throw new UsageError("The zone is for the credential in a values file; name that, too");
    }
    return args;
  },
);

/** Reads a name of a form. */
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
