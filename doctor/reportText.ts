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
  const details = rows
    .map(([field, label]) => [label, finding[field]] as const)
    .filter((row): row is readonly [(typeof rows)[number][1], string] => row[1] !== null)
    .map(([label, text]) => {
      const lines = shownLines(text, finding);
      const shown = label === "mend" ? paint("cyan", lines) : lines;
      return `${indent}${indent}${paint("dim", label.padEnd(column))}  ${shown}`;
    });
  return [`${head}${printableLine(`${title}${subjectOf(finding)}`)}`, ...details].join("\n");
}

/**
 * What was seen is of one line, so that nothing in it looks like a line of the report. What could not be seen is told in
 * the program's own sentences, which may have a command in a line below.
 */
function shownLines(text: string, { command }: Finding): string {
  return command === null
    ? printable(text).replaceAll("\n", `\n${" ".repeat(2 * indent.length + column + 2)}`)
    : printableLine(text);
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
