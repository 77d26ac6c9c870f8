import { RunError } from "@pulumi/pulumi";
import { dnsName, isAscii } from "../lib/dnsName.ts";
import { dnsLabel } from "../lib/names.ts";

/** A component got an argument that it cannot use. Pulumi shows the message alone, without a stack trace. */
export class ArgumentError extends RunError {
  /** The argument, with the path inside it. */
  readonly property: string;

  /**
   * @param component the component's class and name, such as `AkashProvider "provider"`
   * @param property the argument, with the path inside it
   * @param reason what is wrong with it, to be read after its name
   */
  constructor(component: string, property: string, reason: string) {
    super(`${component}: the argument ${property} ${reason}. Nothing was changed`);
    this.property = property;
  }
}

/** What is wrong with an argument, to be read after its name; undefined where it is right. */
export type Problem = string | undefined;

/**
 * Refuses the first wrong argument of a component.
 *
 * An Output cannot be looked at before the run, so only plain values are checked here. What comes of an Output meets
 * the check of the repaired manifest, before Helm applies it (chart/check.ts).
 *
 * @param component the component's class and name
 * @param problems what is wrong with each argument, by its path
 * @throws ArgumentError
 */
export function refuseWrongArguments(
  component: string,
  problems: Readonly<Record<string, Problem>>,
): void {
  for (const [property, problem] of Object.entries(problems)) {
    if (problem !== undefined) {
      throw new ArgumentError(component, property, problem);
    }
  }
}

/** What must be there, and may not be in a program that nobody checks types in. */
export function missing(value: unknown): Problem {
  return value === undefined || value === null ? "is missing" : undefined;
}

/** Text that must say something. An Output, or a Promise, passes. */
export function missingText(value: unknown): Problem {
  const isEmpty = typeof value === "string" && value.trim() === "";
  return missing(value) ?? (isEmpty ? "is empty" : undefined);
}

/** A plain choice, where there is one. */
export function wrongChoice(value: unknown, choices: readonly string[]): Problem {
  return value === undefined || choices.some((choice) => choice === value)
    ? undefined
    : `is none of ${choices.join(", ")}`;
}

/** A name that Kubernetes takes for an object (RFC 1123). It must be plain where hooks and other names need it. */
export function wrongLabel(value: unknown, longest = 63): Problem {
  if (typeof value !== "string") {
    return "must be plain text, not an Output: hooks and the names of other objects need it before the run";
  }
  return dnsLabel.test(value) && value.length <= longest
    ? undefined
    : `is ${JSON.stringify(value)}, which is not a DNS label of at most ${longest} characters (lower-case letters, digits and -)`;
}

const hostName =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A DNS name of at least two labels, in ASCII or with other letters, that must be plain, since hooks need it. */
export function wrongHostName(value: unknown): Problem {
  if (typeof value !== "string") {
    return missing(value) ?? "must be plain text, not an Output: the proof needs it in a hook";
  }
  // An ASCII name has to be in the one form already.
  return hostName.test(isAscii(value) ? value : dnsName(value))
    ? undefined
    : `is ${JSON.stringify(value)}, which is not a DNS name in lower case, such as example.com`;
}

/** A plain whole number above zero, where there is one. */
export function wrongNumber(value: unknown): Problem {
  return value === undefined || (Number.isInteger(value) && (value as number) > 0)
    ? undefined
    : "is not a whole number above zero";
}
