import { parseArgs } from "node:util";
import { messageOf, UsageError } from "../lib/errors.ts";

/** What `npm run adopt -- --help` shows. */
export const usage = `Usage: npm run adopt -- [<provider.yaml>] -s <stack> [options]

Takes a running provider into a stack, without a restart: its settings from the file that Helm was given, its
namespace, its Helm release and its Secrets. Ends with a preview of what the next pulumi up changes.

Without a file it gives a stack that has deployed the provider, and lost its state, the provider back. The settings are
those in the stack's own file.

  -s, --stack <stack>     the stack; made where there is none
  --namespace <name>      namespace of the release (akash-services)
  --release <name>        name of the Helm release (akash-provider)
  --zone <name>           DNS zone of the credential in the file, which does not say it
  --dry-run               only say what would be done
  --json                  say it as JSON on standard output, and all else on standard error
  --help                  this text

Exit code 0: done. 1: refused or failed; where it was refused, nothing was changed. 2: wrong usage.
`;

/** The command's arguments. */
export interface Arguments {
  /** The values file. Default: none, the settings are the stack's own. */
  readonly file: string | undefined;
  readonly stack: string;
  readonly namespace: string | undefined;
  readonly releaseName: string | undefined;
  readonly zone: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/**
 * Reads the command line.
 *
 * @returns undefined where it asks for help
 * @throws UsageError when it is wrong
 */
export function parseArguments(args: readonly string[]): Arguments | undefined {
  const { values, positionals } = parsed(args);
  if (values.help === true) {
    return undefined;
  }
  const [file, ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError(`Name one values file. ${seeHelp}`);
  }
  if (file === undefined && values.zone !== undefined) {
    throw new UsageError(
      `The zone is for the credential in a values file; name that, too. ${seeHelp}`,
    );
  }
  if (values.stack === undefined) {
    throw new UsageError(`Name the stack with -s. ${seeHelp}`);
  }
  return {
    file,
    stack: values.stack,
    namespace: values.namespace,
    releaseName: values.release,
    zone: values.zone,
    dryRun: values["dry-run"] === true,
    json: values.json === true,
  };
}

const seeHelp = "See npm run adopt -- --help.";

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        stack: { type: "string", short: "s" },
        namespace: { type: "string" },
        release: { type: "string" },
        zone: { type: "string" },
        "dry-run": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error).split(". ")[0] ?? ""}. ${seeHelp}`);
  }
}
