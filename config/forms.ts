import { z } from "zod";
import { dnsName } from "../lib/dnsName.ts";

/** A DNS name of at least two labels (RFC 1123, section 2.1), in lower case as Kubernetes requires. */
const hostName =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The same with letters other than ASCII. */
const writtenHostName =
  /^([a-z0-9\u0080-\uffff]([a-z0-9\u0080-\uffff-]*[a-z0-9\u0080-\uffff])?\.)+[a-z\u0080-\uffff]([a-z0-9\u0080-\uffff-]*[a-z0-9\u0080-\uffff])?$/;

/** The chart copies values unchanged into YAML and shell scripts (templates/configmap-main.yaml, scripts/run.sh). */
const unsafeInChart = /[\s"'`$\\]/;

/** Any text that is not empty. */
export const optionalText = (problem: string) => z.string().min(1, problem).optional();

/** Text that matches a pattern. */
export const matching = (pattern: RegExp, problem: string) => z.string().regex(pattern, problem);

/** A DNS name, in ASCII or with other letters, which stays unchanged. */
export const domainName = (problem: string) =>
  matching(writtenHostName, problem).refine((name) => hostName.test(dnsName(name)), {
    error: problem,
    abort: true,
    when: ({ issues }) => issues.length === 0,
  });

/** A whole number above zero as a setting: Pulumi passes it as text. */
export const wholeNumber = (problem: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, problem)
    .transform(Number);

const aboveZero = z
  .number("is not a whole number")
  .int("is not a whole number")
  .positive("is not above zero");

/** A whole number above zero inside a setting: `pulumi config set --path` writes a number or text. */
export const positive = z.union(
  [
    aboveZero,
    z
      .string()
      .regex(/^\d{1,6}$/)
      .transform(Number)
      .pipe(aboveZero),
  ],
  "is not a whole number",
);

/** A URL with one of the protocols. */
export const url = (problem: string, protocols: readonly string[] = ["http:", "https:"]) =>
  z
    .string()
    .refine(
      (text) => !unsafeInChart.test(text) && protocols.includes(URL.parse(text)?.protocol ?? ""),
      problem,
    );
