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

/** Timeout of a request to the chart's repository before the stand-in is used, in milliseconds. */
const answerTimeout = 3_000;
const downloadTimeout = 60_000;

/** The chart of a sandbox, and its source. */
export interface ProvidedChart {
  /** The chart's folder. */
  readonly path: string;
  /** A text for the user: the chart, and why it is used. */
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
 * Puts the chart that the sandbox deploys into the sandbox's folder, and replaces the present one:
 *
 * 1. the chart that the environment variable `AKASH_CHART` names, a folder or a `.tgz` archive;
 * 2. otherwise, the published chart of the pinned version, from the cache or its repository;
 * 3. without a connection, the stand-in of this project.
 *
 * @throws UserError when `AKASH_CHART` names no chart, or a downloaded archive is not the published one.
 */
export async function provideChart(directory: string): Promise<ProvidedChart> {
  const named = process.env.AKASH_CHART ?? "";
  if (named !== "") {
    const source = resolve(named);
    const path = await put(directory, source, `AKASH_CHART=${named}`);
    return { path, description: `the chart in ${source}, which AKASH_CHART names` };
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
        `the stand-in chart, because ${chartRepository} does not respond (${messageOf(error)}); ` +
        "set AKASH_CHART to use a copy of the published chart",
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
    // A chart's archive has one folder at its top, named after the chart.
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
    throw new UserError(`${what}: ${source} is not a Helm chart: it has no Chart.yaml.`);
  }
  const { name } = parse(text) as { name?: unknown };
  if (name !== chartName) {
    throw new UserError(`${what}: ${source} is the chart ${String(name)}, not ${chartName}.`);
  }
}

/**
 * Path of the published chart's archive, downloaded at first use and verified against the repository's index.
 *
 * @throws UserError when the archive does not match the index; any other error when the repository does not
 * respond.
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
      `${url} has the SHA-256 digest ${digest}, but ${index} lists ${entry.digest}: not used.`,
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
