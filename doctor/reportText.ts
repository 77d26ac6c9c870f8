import { styleText } from "node:util";
import { groups } from "./check.ts";
import { severities, type Finding, type Severity } from "./finding.ts";
import type { Report } from "./report.ts";
import { printable, printableLine } from "../lib/printable.ts";

/** How each severity is marked. */
const marks = {
  ok: { sign: "✔", style: "green" },
  info: { sign: "i", style: "blue" },
  warning: { sign: "!", style: "yellow" },
  error: { sign: "✖", style: "red" },
} as const;

/** Puts text into a style, or leaves it as it is. */
type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/**
 * Styles where the stream is a terminal that shows them; FORCE_COLOR and NO_COLOR are respected.
 *
 * @param stream where the text goes
 */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

const indent = "  ";
/** Rows of a finding: its field and what stands in front of it. */
const rows = [
  ["expected", "expected"],
  ["seen", "seen"],
  ["why", "because"],
  ["command", "mend"],
] as const;
const column = Math.max(...rows.map(([, label]) => label.length));

/** A report for people, under one heading per group. */
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
 * One finding: a line where all is well, else a line and a row for each thing that there is to say.
 *
 * @param width of the titles' column where all is well
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
      const shown = label === "mend" ? paint("cyan", lines) : lines;
      return `${indent}${indent}${paint("dim", label.padEnd(column))}  ${shown}`;
    });
  return [`${head}${printableLine(`${title}${subjectOf(finding)}`)}`, ...details].join("\n");
}

const nextLine = `\n${" ".repeat(2 * indent.length + column + 2)}`;

/**
 * What was seen is of one line, so that nothing in it looks like a line of the report, or of a line for each field. What
 * could not be seen is told in the program's own sentences, which may have a command in a line below.
 */
function shownLines(text: string | readonly string[], { command }: Finding): string {
  if (typeof text !== "string") {
    return text.map(printableLine).join(nextLine);
  }
  return command === null ? printable(text).replaceAll("\n", nextLine) : printableLine(text);
}

/** How long a field of an object may get before only what differs of it is shown. */
const longestField = 240;
/** How much of a long field is shown before and from the first letter that differs. */
const shownBefore = 20;
const shownFrom = 160;

/** What is expected and what was seen, where both list the same fields, a line for each. */
interface Excerpts {
  readonly expected?: readonly string[];
  readonly seen?: readonly string[];
  readonly why?: undefined;
  readonly command?: undefined;
}

/** Of a long field, its name and where it differs. */
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

/** A text from shortly before the first letter on that another has not. */
function excerpt(text: string, other: string, begin: number): string {
  let at = begin;
  while (at < text.length && text[at] === other[at]) {
    at += 1;
  }
  const from = Math.max(begin, at - shownBefore);
  const to = at + shownFrom;
  return `${from > begin ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
}

/** Which one it is, where the rows below do not say it anyway. */
function subjectOf({ subject, expected, seen }: Finding): string {
  const said = subject === null || [expected, seen].some((text) => text?.includes(subject));
  return said ? "" : `: ${subject}`;
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
