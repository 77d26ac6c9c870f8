import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";

/** A sample of a metric. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A line of the parser's output: metadata, or a sample. */
interface Line {
  readonly name?: string;
  readonly help?: string;
  readonly type?: string;
  readonly unit?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value?: number;
}

/**
 * Reads OpenMetrics text with Prometheus' own parser (sandbox/programs/openmetrics).
 *
 * @returns the samples by metric
 * @throws AssertionError with the parser's error if the text is invalid, or if a metric has no type or help
 */
export async function readOpenMetrics(metrics: string): Promise<Map<string, MetricSample[]>> {
  const programs = await ensurePrograms(["openmetrics"], silentReporter);
  const parser = spawn(programs.get("openmetrics")?.path ?? "openmetrics", {
    stdio: ["pipe", "pipe", "pipe"],
  });
  parser.stdin.end(metrics);
  const [stdout, stderr, [status]] = await Promise.all([
    text(parser.stdout),
    text(parser.stderr),
    once(parser, "exit") as Promise<[number]>,
  ]);
  assert.equal(status, 0, `${stderr}\n${metrics}`);
  const lines = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
  const samples = new Map<string, MetricSample[]>();
  for (const { labels, value } of lines) {
    if (labels !== undefined && value !== undefined) {
      const { __name__: name = "", ...others } = labels;
      samples.set(name, [...(samples.get(name) ?? []), { labels: others, value }]);
    }
  }
  for (const name of samples.keys()) {
    const told = Object.assign({}, ...lines.filter((line) => line.name === name)) as Line;
    assert.equal(told.type, "gauge", name);
    assert(told.help, `${name} has no help`);
    assert.equal(told.unit ?? "", name.endsWith("_seconds") ? "seconds" : "", name);
  }
  return samples;
}
