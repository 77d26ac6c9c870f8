import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { chartName, chartRepository, chartVersion } from "../../chart/release.ts";
import { fillAtomically } from "../programs/cache.ts";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { readIfPresent } from "../../lib/files.ts";
import { programCacheDirectory, sandboxSource } from "../paths.ts";

const run = promisify(execFile);

/** How long the chart's repository may take to answer before the stand-in is used, in milliseconds. */
const answerTimeout = 3_000;
const downloadTimeout = 60_000;

/** Where the chart of a sandbox came from. */
export interface ProvidedChart {
  /** The folder that holds it. */
  readonly path: string;
  /** A sentence for the user: which chart it is, and why that one. */
  readonly description: string;
}

const indexSchema = z.object({
  entries: z.record(
    z.string(),
    z.array(
      z.object({ version: z.string(), urls: z.array(z.string()).min(1), digest: z.string() }),
    ),
  ),
});

/**
 * Puts the chart that the sandbox deploys into its folder, in place of the one that is there:
 *
 * 1. the one that the environment variable `AKASH_CHART` names, a folder or a `.tgz` archive;
 * 2. else the published chart of the pinned version, from the cache or its repository;
 * 3. else, without a connection, the stand-in that comes with this project.
 *
 * @throws UserError when `AKASH_CHART` names no chart, or a downloaded archive is not the one published.
 */
export async function provideChart(directory: string): Promise<ProvidedChart> {
  const named = process.env.AKASH_CHART ?? "";
  if (named !== "") {
    const source = resolve(named);
    const path = await put(directory, source, `AKASH_CHART=${named}`);
    return { path, description: `the chart in ${source}, as AKASH_CHART says` };
  }
  try {
    const path = await put(directory, await publishedArchive(), "the published chart");
    return { path, description: `the published chart ${chartName} ${chartVersion}` };
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    const path = await put(
      directory,
      sandboxSource(join("chart", chartName)),
      "the stand-in chart",
    );
    return {
      path,
      description:
        `the stand-in chart, since ${chartRepository} does not answer (${messageOf(error)}); ` +
        "AKASH_CHART may name a copy of the published one",
    };
  }
}

/** Copies or unpacks a chart to `chart/provider` in the sandbox's folder. */
async function put(directory: string, source: string, what: string): Promise<string> {
  const target = join(directory, "chart");
  await fillAtomically(target, async (temporary) => {
    const chart = join(temporary, chartName);
    if (statOf(source, what).isDirectory()) {
      checkChart(source, source, what);
      cpSync(source, chart, { recursive: true, dereference: true });
    } else {
      mkdirSync(chart);
      await unpack(source, chart, what);
      checkChart(chart, source, what);
    }
  });
  return join(target, chartName);
}

function statOf(source: string, what: string) {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new UserError(`${what}: ${source} does not exist.`);
  }
  return stat;
}

async function unpack(archive: string, target: string, what: string): Promise<void> {
  try {
    // Everything in a chart's archive is in one folder, named after the chart.
    await run("tar", ["-xzf", archive, "-C", target, "--strip-components=1"]);
  } catch (error) {
    throw new UserError(
      hasCode(error, "ENOENT")
        ? "The command `tar`, which unpacks the chart, is not on PATH: install it."
        : `${what}: ${archive} is neither a folder nor a .tgz archive.`,
    );
  }
}

function checkChart(chart: string, source: string, what: string): void {
  const text = readIfPresent(join(chart, "Chart.yaml"));
  if (text === undefined) {
    throw new UserError(`${what}: ${source} is not a Helm chart, it has no Chart.yaml.`);
  }
  const { name } = parse(text) as { name?: unknown };
  if (name !== chartName) {
    throw new UserError(`${what}: ${source} is the chart ${String(name)}, not ${chartName}.`);
  }
}

/**
 * Path of the published chart's archive, downloaded at first use and verified against the repository's index.
 *
 * @throws UserError when it is not what the index says; any other error when the repository does not answer.
 */
async function publishedArchive(): Promise<string> {
  const cached = join(
    dirname(programCacheDirectory()),
    "charts",
    `${chartName}-${chartVersion}`,
    `${chartName}.tgz`,
  );
  if (existsSync(cached)) {
    return cached;
  }
  const index = `${chartRepository}/index.yaml`;
  const text = (await download(index, answerTimeout)).toString("utf8");
  const { entries } = indexSchema.parse(parse(text));
  const entry = entries[chartName]?.find(({ version }) => version === chartVersion);
  const url = entry?.urls[0];
  if (entry === undefined || url === undefined) {
    throw new UserError(
      `${index} has no chart ${chartName} ${chartVersion}: chart/release.ts pins a version that is not published.`,
    );
  }
  const archive = await download(new URL(url, `${chartRepository}/`).href, downloadTimeout);
  const digest = createHash("sha256").update(archive).digest("hex");
  if (digest !== entry.digest) {
    throw new UserError(
      `${url} has the SHA-256 digest ${digest}, but ${index} says ${entry.digest}: not used.`,
    );
  }
  await fillAtomically(dirname(cached), (temporary) => {
    writeFileSync(join(temporary, `${chartName}.tgz`), archive);
    return Promise.resolve();
  });
  return cached;
}

async function download(url: string, timeout: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
  if (!response.ok) {
    throw new Error(`status ${response.status}`);
  }
  return Buffer.from(await response.arrayBuffer());
}
