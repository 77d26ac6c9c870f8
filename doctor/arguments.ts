import { isIP } from "node:net";
import { commandLine, flag, value, values, type ValuesOf } from "../lib/commandLine.ts";
import { UsageError } from "../lib/errors.ts";
import { exitCode } from "./exitCode.ts";

/** Where to connect to. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** Where the reader has told to connect to. */
export interface ToldAddress {
  readonly address: string;
  /** Default: the port that is asked for. */
  readonly port?: number;
}

/** The line of `npm run doctor`. */
export const doctorLine = commandLine(
  {
    command: "npm run doctor --",
    usage: "-s <stack> [options]",
    description: [
      "Compares what a stack expects of its provider with the cluster, DNS, the cloud and what is served. Changes " +
        "nothing.",
    ],
    parameters: {
      stack: value("-s, --stack <stack>", "the stack", {
        missing:
          "Which stack? npm run doctor -- -s 'STACK', which is one of these: pulumi stack ls",
      }),
      json: flag("--json", "print JSON; with --watch one document a line"),
      openmetrics: flag(
        "--openmetrics",
        "print findings and ends as OpenMetrics text, for Prometheus (docs/alerts.md)",
      ),
      watch: flag("--watch", "look again until interrupted, and print what has changed"),
      /** In milliseconds. */
      interval: value("--interval <seconds>", "pause between two looks of --watch", {
        read: milliseconds,
        default: "30",
      }),
      prove: flag(
        "--prove",
        "also write, read back and delete a TXT record with the DNS credential",
      ),
      dnsServers: values(
        "--dns-server <ip[:port]>",
        "ask this DNS server; can be repeated",
        dnsServer,
      ),
      /** Addresses by `host`, `host:port` or `*:port`. */
      resolve: values(
        "--resolve <host[:port]=address[:port]>",
        "connect there instead, for that host (* is any) or that port of it alone; can be repeated",
        resolution,
      ),
      sandbox: flag("--sandbox", "look at the sandbox of npm start"),
    },
    exits: {
      [exitCode.ok]: "nothing above info",
      [exitCode.warning]: "warnings",
      [exitCode.error]: "errors",
      [exitCode.failure]: "wrong usage, or could not look",
    },
    codes: exitCode,
  },
  ({ resolve, ...others }) => {
    const other = (["json", "watch"] as const).find((option) => others[option]);
    if (others.openmetrics && other !== undefined) {
      throw new UsageError(
        `--openmetrics and --${other} do not go together; leave one of them out`,
      );
    }
    return { ...others, resolve: new Map(resolve) };
  },
);

/** What the arguments ask for. */
export type DoctorArguments = ValuesOf<typeof doctorLine>;

/** The longest pause that a timer of Node's can make; a longer one would be none. */
const longestPause = 2 ** 31 - 1;

function milliseconds(text: string): number {
  const found = Number(text) * 1_000;
  if (!(found > 0 && found <= longestPause)) {
    throw new UsageError(`--interval ${text} is not a number of seconds, such as 30`);
  }
  return found;
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

function resolution(text: string): [string, ToldAddress] {
  const [, host, target] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const told = target === undefined ? undefined : toldAddress(target);
  if (host === undefined || told === undefined) {
    throw new UsageError(`--resolve ${text} is not of the form host=address:port`);
  }
  return [host, told];
}

/** An address with or without a port; an IPv6 address stands in brackets where a port follows. */
function toldAddress(text: string): ToldAddress | undefined {
  if (isIP(text) === 6) {
    return { address: text };
  }
  const [, bracketed, address = bracketed, port] =
    /^(?:\[(.+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  if (
    address === undefined ||
    (port !== undefined && !(Number(port) > 0 && Number(port) < 65_536))
  ) {
    return undefined;
  }
  return { address, ...(port !== undefined && { port: Number(port) }) };
}
