import { ResourceError, RunError } from "@pulumi/pulumi";
import { printable } from "../lib/printable.ts";

/**
 * Makes an error one that Pulumi shows as a sentence, whatever the program has thrown, wherever: in an `apply`, in an
 * Output that is an input, or before there is any.
 *
 * Pulumi's own listener (@pulumi/pulumi, cmd/run/run.js) writes a RunError as its message, and for all else "unhandled
 * exception" with a stack trace; an error of an input begins with the inputs that it came through (runtime/rpc.js, "error
 * serializing property"). What the program has not foreseen shows its stack with `DEBUG`.
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
  // By its name, which is told from others without loading more of the program (lib/errors.ts).
  if (error.name !== "UserError") {
    setMessage(error, printable(unforeseen(error)));
  }
  Object.assign(error, runErrorMark);
}

// They are called before Pulumi's, which is there by now.
process.prependListener("uncaughtException", makeSentence);
process.prependListener("unhandledRejection", (reason) => {
  if (!(reason instanceof Error) || Object.isFrozen(reason)) {
    // Pulumi's listener would fail itself at `undefined`. What is thrown here comes to it as an exception.
    throw withSentence(reason);
  }
  makeSentence(reason);
});

/** An Error that says what was thrown, which is none or cannot be changed. */
export function withSentence(thrown: unknown): Error {
  const { name, message } =
    thrown instanceof Error ? thrown : { name: "Error", message: String(thrown) };
  return Object.assign(new Error(message), { name });
}

/** The message of a DOMException, such as that of an AbortSignal's timeout, can be read alone. */
function setMessage(error: Error, message: string): void {
  Object.defineProperty(error, "message", { value: message, configurable: true, writable: true });
}

/** What the SDK puts in front of an error's message, once for each object that it is in. */
const wayThroughInputs = /^(?:error serializing property "[^"]*": )+/;

/** By which the SDK knows a RunError, also one of another copy of the SDK (errors.js, `isInstance`). */
const runErrorMark = { __pulumiRunError: true };

/** Errors of a resource, which Pulumi shows with it, and of the program's text, which it shows with their place. */
function isPulumisOwn(error: Error): boolean {
  return ResourceError.isInstance(error) || ["SyntaxError", "TSError"].includes(error.name);
}

function unforeseen(error: Error): string {
  const { name, stack } = error;
  const message = wordsOf(error);
  // A failure of the system, such as a file that cannot be read, names what it is about.
  if ("syscall" in error) {
    return `${message}. Nothing more was done; mend that, and run the same command again`;
  }
  const where =
    process.env.DEBUG === undefined
      ? "DEBUG=1 in front of the same command shows where it happened."
      : (stack ?? "");
  return `${name}: ${message}\nThis is a defect of the program. ${where}`;
}

/** What an error says, and those that it holds: a failed `fetch` says by itself no more than that. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return "";
  }
  const { message, cause } = error;
  const held: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [message, ...[cause, ...held].map(wordsOf)].filter((words) => words !== "").join(": ");
}
