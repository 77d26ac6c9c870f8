import { RunError } from "@pulumi/pulumi";
import { dnsName, isAscii } from "../lib/dnsName.ts";
import { dnsLabel } from "../lib/names.ts";

/** A wrong argument of a component. Pulumi prints only the message, without a stack trace. */
export class ArgumentError extends RunError {
  /** The argument, with its path. */
  readonly property: string;

  /**
   * @param component the component's class and name, such as `AkashProvider "provider"`
   * @param property the argument, with its path
   * @param reason the problem, as a predicate after the argument's name
   */
  constructor(component: string, property: string, reason: string) {
    super(`${component}: the argument ${property} ${reason}. Nothing was changed`);
    this.property = property;
  }
}

/** The problem of an argument, as a predicate after its name; undefined for a valid argument. */
export type Problem = string | undefined;

/**
 * Refuses the first wrong argument of a component.
 *
 * Checks only plain values, since the value of an Output is unknown before the run. Values of Outputs are checked in the
 * repaired manifest, before Helm applies it (chart/check.ts).
 *
 * @param component the component's class and name
 * @param problems the problem of each argument, by its path
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

/** A required argument, which may be missing in an untyped program. */
export function missing(value: unknown): Problem {
  return value === undefined || value === null ? "is missing" : undefined;
}

/** A text that must not be empty. Accepts an Output or a Promise. */
export function missingText(value: unknown): Problem {
  const isEmpty = typeof value === "string" && value.trim() === "";
  return missing(value) ?? (isEmpty ? "is empty" : undefined);
}

/** An optional plain choice. */
export function wrongChoice(value: unknown, choices: readonly string[]): Problem {
  return value === undefined || choices.some((choice) => choice === value)
    ? undefined
    : `is not one of ${choices.join(", ")}`;
}

/** A name for a Kubernetes object (RFC 1123). It must be a plain value, since hooks and other names need it. */
export function wrongLabel(value: unknown, longest = 63): Problem {
  if (typeof value !== "string") {
    return "must be plain text, not an Output: hooks and the names of other objects need the value before the run";
  }
  return dnsLabel.test(value) && value.length <= longest
    ? undefined
    : `is ${JSON.stringify(value)}, which is not a DNS label of at most ${longest} characters (lower-case letters, digits and -)`;
}

const hostName =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A DNS name of at least two labels, in ASCII or Unicode. It must be a plain value, since hooks need it. */
export function wrongHostName(value: unknown): Problem {
  if (typeof value !== "string") {
    return missing(value) ?? "must be plain text, not an Output: the proof needs it in a hook";
  }
  // An ASCII name must be in canonical form.
  return hostName.test(isAscii(value) ? value : dnsName(value))
    ? undefined
    : `is ${JSON.stringify(value)}, which is not a DNS name in lower case, such as example.com`;
}

/** An optional plain whole number above zero. */
export function wrongNumber(value: unknown): Problem {
  return value === undefined || (Number.isInteger(value) && (value as number) > 0)
    ? undefined
    : "is not a whole number above zero";
}
