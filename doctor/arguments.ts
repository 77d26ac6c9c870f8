import { isIP } from "node:net";
import { commandLine, flag, value, values, type ValuesOf } from "../lib/commandLine.ts";
import { UsageError } from "../lib/errors.ts";
import { exitCode } from "./exitCode.ts";

/** An address to connect to. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** An address that the user passed to connect to. */
export interface GivenAddress {
  readonly address: string;
  /** Default: the requested port. */
  readonly port?: number;
}

/** The command line of `npm run doctor`. */
export const doctorLine = commandLine(
  {
    command: "npm run doctor --",
    usage: "-s <stack> [options]",
    description: [
      "Compares what a stack expects of its provider with the cluster, DNS, the DNS provider and the served " +
        "certificates. Changes nothing.",
    ],
    parameters: {
      stack: value("-s, --stack <stack>", "the stack", {
        missing: "Name the stack: npm run doctor -- -s 'STACK'; list the stacks: pulumi stack ls",
      }),
      json: flag("--json", "print JSON; with --watch one document per line"),
      openmetrics: flag(
        "--openmetrics",
        "print findings and expiry times as OpenMetrics text, for Prometheus (docs/alerts.md)",
      ),
      watch: flag("--watch", "repeat the checks until interrupted, and print changes"),
      /** In milliseconds. */
      interval: value("--interval <seconds>", "pause between two runs of --watch", {
        read: milliseconds,
        default: "30",
      }),
      prove: flag(
        "--prove",
        "also write, read back and delete a TXT record with the DNS credential",
      ),
      dnsServers: values(
        "--dns-server <ip[:port]>",
        "query this DNS server; can be repeated",
        dnsServer,
      ),
      /** Addresses by `host`, `host:port` or `*:port`. */
      resolve: values(
        "--resolve <host[:port]=address[:port]>",
        "connect to this address for the host (* is any) or for one port of it; can be repeated",
        resolution,
      ),
      ca: values(
        "--ca <file>",
        "also trust the roots in this file (PEM) when the served certificate is checked; can be repeated",
        String,
      ),
      sandbox: flag("--sandbox", "check the sandbox of npm start"),
    },
    exits: {
      [exitCode.ok]: "nothing above info",
      [exitCode.warning]: "warnings",
      [exitCode.error]: "errors",
      [exitCode.failure]: "wrong usage, or the checks could not run",
    },
    codes: exitCode,
  },
  ({ resolve, ...others }) => {
    const other = (["json", "watch"] as const).find((option) => others[option]);
    if (others.openmetrics && other !== undefined) {
      throw new UsageError(`--openmetrics and --${other} cannot be combined; omit one of them`);
    }
    return { ...others, resolve: new Map(resolve) };
  },
);

/** The parsed arguments. */
export type DoctorArguments = ValuesOf<typeof doctorLine>;

/** The longest pause of a Node timer, in milliseconds; with a longer one the timer fires at once. */
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

function resolution(text: string): [string, GivenAddress] {
  const [, host, target] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const address = target === undefined ? undefined : givenAddress(target);
  if (host === undefined || address === undefined) {
    throw new UsageError(`--resolve ${text} does not have the form host=address:port`);
  }
  return [host, address];
}

/** An address with or without a port; an IPv6 address with a port is in brackets. */
function givenAddress(text: string): GivenAddress | undefined {
  if (isIP(text) === 6) {
    return { address: text };
  }
  const [, bracketed, address = bracketed, port] =
    /^(?:\[(.+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  if (
    address === undefined ||
    isIP(address) === 0 ||
    (port !== undefined && !(Number(port) > 0 && Number(port) < 65_536))
  ) {
    return undefined;
  }
  return { address, ...(port !== undefined && { port: Number(port) }) };
}
