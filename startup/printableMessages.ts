import { log } from "@pulumi/pulumi";
import { printable } from "../lib/printable.ts";

/** Escapes control characters in the program's messages, which quote clusters and DNS providers. */
const { debug, error, info, warn } = log;

Object.assign(log, {
  debug: withPrintable(debug),
  error: withPrintable(error),
  info: withPrintable(info),
  warn: withPrintable(warn),
});

function withPrintable(write: typeof error): typeof error {
  return (message, ...rest) => write(printable(message), ...rest);
}
