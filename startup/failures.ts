import { ResourceError, RunError } from "@pulumi/pulumi";
import { printable } from "../lib/printable.ts";

/**
 * Converts an error so that Pulumi prints it as a sentence, independently of where the program throws it: in an `apply`, in
 * an Output that is an input, or before any Output.
 *
 * Pulumi's own listener (@pulumi/pulumi, cmd/run/run.js) prints a RunError as its message, and every other error as
 * "unhandled exception" with a stack trace; an error of an input begins with the path of inputs (runtime/rpc.js, "error
 * serializing property"). An unexpected error prints its stack with `DEBUG`.
 */
export function makeSentence(error: unknown): void {
  if (!(error instanceof Error)) {
    return;
  }
  setMessage(error, printable(error.message.replace(wayThroughInputs, "")));
  const isKnown: boolean = RunError.isInstance(error) || isPulumisOwn(error);
  if (isKnown) {
    return;
  }
  // By name, which does not require loading more of the program (lib/errors.ts).
  if (error.name !== "UserError") {
    setMessage(error, printable(unforeseen(error)));
  }
  Object.assign(error, runErrorMark);
}

// These listeners run before Pulumi's, which is already registered.
process.prependListener("uncaughtException", makeSentence);
process.prependListener("unhandledRejection", (reason) => {
  if (!(reason instanceof Error) || Object.isFrozen(reason)) {
    // Pulumi's listener would itself fail for `undefined`. It receives the error thrown here as an exception.
    throw withSentence(reason);
  }
  makeSentence(reason);
});

/** An Error for a thrown value that is not an Error, or cannot be changed. */
export function withSentence(thrown: unknown): Error {
  const { name, message } =
    thrown instanceof Error ? thrown : { name: "Error", message: String(thrown) };
  return Object.assign(new Error(message), { name });
}

/** The message of a DOMException, such as that of an AbortSignal's timeout, is read-only. */
function setMessage(error: Error, message: string): void {
  Object.defineProperty(error, "message", { value: message, configurable: true, writable: true });
}

/** The SDK's prefix of an error's message, once for each enclosing object. */
const wayThroughInputs = /^(?:error serializing property "[^"]*": )+/;

/** The SDK's mark of a RunError, also from another copy of the SDK (errors.js, `isInstance`). */
const runErrorMark = { __pulumiRunError: true };

/** Errors of a resource, which Pulumi prints with the resource, and of the program's source, which it prints with their place. */
function isPulumisOwn(error: Error): boolean {
  return ResourceError.isInstance(error) || ["SyntaxError", "TSError"].includes(error.name);
}

function unforeseen(error: Error): string {
  const { name, stack } = error;
  const message = textOf(error);
  // A failure of the system, such as an unreadable file, names its subject.
  if ("syscall" in error) {
    return `${message}. Nothing more was done; fix that, and run the same command again`;
  }
  const where =
    process.env.DEBUG === undefined
      ? "To see where it happened, run the same command with DEBUG=1 in front."
      : (stack ?? "");
  return `${name}: ${message}\nThis is a defect of the program. ${where}`;
}

/** The messages of an error and of its causes: the message of a failed `fetch` alone has no reason. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return "";
  }
  const { message, cause } = error;
  const held: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [message, ...[cause, ...held].map(textOf)].filter((text) => text !== "").join(": ");
}
