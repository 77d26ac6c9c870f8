import { styleText } from "node:util";
import { groups } from "./check.ts";
import { severities, type Finding, type Severity } from "./finding.ts";
import type { Report } from "./report.ts";
import { printable, printableLine } from "../lib/printable.ts";

/** The mark of each severity. */
const marks = {
  ok: { sign: "✔", style: "green" },
  info: { sign: "i", style: "blue" },
  warning: { sign: "!", style: "yellow" },
  error: { sign: "✖", style: "red" },
} as const;

/** Applies a style to a text, or returns the text unchanged. */
type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/**
 * Styles text if the stream is a terminal that supports this; FORCE_COLOR and NO_COLOR are respected.
 *
 * @param stream the stream that the text is written to
 */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

const indent = "  ";
/** Rows of a finding: the field and its label. */
const rows = [
  ["expected", "expected"],
  ["seen", "seen"],
  ["why", "why"],
  ["command", "fix"],
] as const;
const column = Math.max(...rows.map(([, label]) => label.length));

/** A report as text, with one heading per group. */
export function reportText({ stack, host, findings }: Report, paint: Paint): string {
  const titles = findings
    .filter(({ severity }) => severity === "ok")
    .map(({ title }) => title.length);
  const width = Math.max(0, ...titles);
  const blocks = groups.map((group) => {
    const own = findings.filter((finding) => finding.group === group);
    const lines = own.map((finding) => findingText(finding, paint, width));
    return own.length === 0 ? [] : [paint("bold", group), ...lines, ""];
  });
  return [
    printableLine(`${host} (stack ${stack})`),
    "",
    ...blocks.flat(),
    summary(findings, paint),
  ].join("\n");
}

/**
 * One finding: a line for a check without findings, otherwise a line and a row for each field.
 *
 * @param width of the titles' column of checks without findings
 */
export function findingText(finding: Finding, paint: Paint, width = 0): string {
  const { severity, title, seen } = finding;
  const head = `${indent}${mark(severity, paint)} `;
  if (severity === "ok") {
    return `${head}${title.padEnd(width)}  ${paint("dim", printableLine(seen))}`;
  }
  const pairs = excerpts(finding);
  const details = rows
    .map(([field, label]) => [label, pairs?.[field] ?? finding[field]] as const)
    .filter((row): row is readonly [(typeof rows)[number][1], string | readonly string[]] => {
      return row[1] !== null;
    })
    .map(([label, text]) => {
      const lines = shownLines(text, finding);
      const shown = label === "fix" ? paint("cyan", lines) : lines;
      return `${indent}${indent}${paint("dim", label.padEnd(column))}  ${shown}`;
    });
  return [`${head}${printableLine(`${title}${subjectOf(finding)}`)}`, ...details].join("\n");
}

const nextLine = `\n${" ".repeat(2 * indent.length + column + 2)}`;

/**
 * Evidence is printed in one line, so that no part of it looks like a line of the report, or in one line per field. The
 * reason of a check that could not run is the program's own text, which may contain a command on a separate line.
 */
function shownLines(text: string | readonly string[], { command }: Finding): string {
  if (typeof text !== "string") {
    return text.map(printableLine).join(nextLine);
  }
  return command === null ? printable(text).replaceAll("\n", nextLine) : printableLine(text);
}

/** The length from which only the differing part of an object's field is shown. */
const longestField = 240;
/** How much of a long field is shown before and from the first differing character. */
const shownBefore = 20;
const shownFrom = 160;

/** The expected and the seen fields, one line each, if both sides list the same fields. */
interface Excerpts {
  readonly expected?: readonly string[];
  readonly seen?: readonly string[];
  readonly why?: undefined;
  readonly command?: undefined;
}

/** Shortens long fields to the name and the differing part. */
function excerpts({ expected, seen }: Finding): Excerpts | undefined {
  const wanted = expected?.split("\n") ?? [];
  const found = seen.split("\n");
  const nameOf = (line: string | undefined) => line?.slice(0, line.indexOf(" ") + 1);
  const areAlike =
    wanted.length === found.length &&
    wanted.every((line, at) => nameOf(line) !== "" && nameOf(line) === nameOf(found[at]));
  const shorten = (line: string, other = "") => {
    const name = nameOf(line) ?? "";
    return line.length <= longestField ? line : `${name}${excerpt(line, other, name.length)}`;
  };
  return areAlike
    ? {
        expected: wanted.map((line, at) => shorten(line, found[at])),
        seen: found.map((line, at) => shorten(line, wanted[at])),
      }
    : undefined;
}

/** The part of a text that begins shortly before the first difference from another text. */
function excerpt(text: string, other: string, begin: number): string {
  let at = begin;
  while (at < text.length && text[at] === other[at]) {
    at += 1;
  }
  const from = Math.max(begin, at - shownBefore);
  const to = at + shownFrom;
  return `${from > begin ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
}

/** The subject, unless the rows below contain it. */
function subjectOf({ subject, expected, seen }: Finding): string {
  const isShown = subject === null || [expected, seen].some((text) => text?.includes(subject));
  return isShown ? "" : `: ${subject}`;
}

function mark(severity: Severity, paint: Paint): string {
  const { sign, style } = marks[severity];
  return paint(style, sign);
}

function summary(findings: readonly Finding[], paint: Paint): string {
  const counts = severities.map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    const text = `${count} ${severity}`;
    return count === 0 ? paint("dim", text) : paint(marks[severity].style, text);
  });
  return counts.join(", ");
}
