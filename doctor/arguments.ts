import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { UsageError } from "../lib/errors.ts";

/** What `npm run doctor -- --help` shows. */
export const doctorUsage = `Usage: npm run doctor -- -s <stack> [options]

Compares what a stack expects of its provider with the cluster, DNS, the cloud and what is served. Changes nothing.

  -s, --stack <stack>      the stack
  --json                   print JSON; with --watch one document a line
  --watch                  look again until interrupted, and print what has changed
  --interval <seconds>     pause between two looks of --watch; default 30
  --prove                  also write, read back and delete a TXT record with the DNS credential
  --dns-server <ip[:port]> ask this DNS server; can be repeated
  --resolve <host[:port]=address:port>
                           connect there instead, for that host (* is any) or that port of it alone; can be repeated
  --sandbox                look at the sandbox of npm start
  --help                   this text

Exit code: 0 nothing above info, 1 warnings, 2 errors, 3 wrong usage or could not look.
`;

/** What the arguments ask for. */
export interface DoctorArguments {
  readonly stack: string;
  readonly json: boolean;
  readonly watch: boolean;
  /** In milliseconds. */
  readonly interval: number;
  readonly prove: boolean;
  readonly sandbox: boolean;
  readonly dnsServers: readonly string[];
  /** Addresses by `host`, `host:port` or `*:port`. */
  readonly resolve: ReadonlyMap<string, Address>;
}

/** Where to connect to. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/**
 * Reads the arguments.
 *
 * @returns "help" when they ask for the usage text
 * @throws UsageError, or an error of parseArgs, when they ask for what does not exist
 */
export function parseDoctorArguments(args: readonly string[]): DoctorArguments | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stack: { type: "string", short: "s" },
      json: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      interval: { type: "string", default: "30" },
      prove: { type: "boolean", default: false },
      sandbox: { type: "boolean", default: false },
      "dns-server": { type: "string", multiple: true, default: [] },
      resolve: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    return "help";
  }
  if (values.stack === undefined || values.stack === "") {
    throw new UsageError("Which stack? npm run doctor -- -s <stack>; pulumi stack ls shows them");
  }
  const seconds = Number(values.interval);
  if (!(seconds > 0)) {
    throw new UsageError(`--interval ${values.interval} is not a number of seconds, such as 30`);
  }
  return {
    stack: values.stack,
    json: values.json,
    watch: values.watch,
    interval: seconds * 1_000,
    prove: values.prove,
    sandbox: values.sandbox,
    dnsServers: values["dns-server"].map(dnsServer),
    resolve: new Map(values.resolve.map(resolution)),
  };
}

function dnsServer(text: string): string {
  const [, bracketed, plain = bracketed ?? text] =
    /^(?:\[(.*)\](?::\d+)?|([^:]*):\d+)$/.exec(text) ?? [];
  if (isIP(plain) === 0) {
    throw new UsageError(
      `--dns-server ${text} is not an IP address, such as 1.1.1.1 or 127.0.0.1:8053`,
    );
  }
  return text;
}

function resolution(text: string): [string, Address] {
  const [, host, address, port] = /^([^=]+)=(.+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || address === undefined) {
    throw new UsageError(`--resolve ${text} is not of the form host=address:port`);
  }
  return [host, { address: address.replace(/^\[(.*)\]$/, "$1"), port: Number(port) }];
}
