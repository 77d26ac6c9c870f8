import { join } from "node:path";
import { styleText } from "node:util";
import { commandLine, flag, runCommandLine, value, type ValuesOf } from "../../lib/commandLine.ts";
import { exitCode, UsageError } from "../../lib/errors.ts";
import { startSandbox, stopSandbox, type Sandbox } from "../cluster/sandbox.ts";
import { projectDirectory } from "../paths.ts";
import { createReporter, type Reporter } from "../processes/progress.ts";
import { Workspace } from "../../test/support/workspace.ts";
import { attachedPlugins, type AttachedPlugins } from "./attachedPlugins.ts";
import { writeEmptyProgram } from "./emptyProgram.ts";
import { BenchFleet } from "./fleet.ts";
import { phases, type Phase } from "./phases.ts";
import { median, percent, ratio, seconds, table } from "./table.ts";

const line = commandLine(
  {
    command: "npm run bench --",
    usage: "[options]",
    description: [
      "Measures how long a preview, an up without changes and a rotation of a stack with DNS-01 take, how these times " +
        "grow with the number of deployed stacks, how long `npm run fleet` takes with all stacks, and how the time of a " +
        "preview is spent. Times are ratios to the preview of an empty program with the same engine in the same run. " +
        "The stand-ins for the plugins of Google Cloud and Cloudflare run beforehand, because their start time does not " +
        "represent that of the vendors' plugins; one row includes it. The bench has a sandbox of its own, and takes " +
        "about half a minute for each stack and each round.",
    ],
    parameters: {
      stacks: value("--stacks <counts>", "numbers of deployed stacks; each number is measured", {
        read: (text) => text.split(",").map((part) => count("--stacks", part)),
        default: "1,5,20",
      }),
      rounds: value("--rounds <count>", "measurements of each time; the median counts", {
        read: (text) => count("--rounds", text),
        default: "5",
      }),
      json: flag("--json", "print medians in seconds as JSON on standard output"),
    },
  },
  ({ stacks, ...others }) => ({ ...others, stacks: stacks.sort((a, b) => a - b) }),
);

function count(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new UsageError(`${option} requires whole numbers from 1, not ${text}`);
  }
  return Number(text);
}

/** The measurements by name. */
interface Measurement {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

/** Median times in seconds by measurement. */
type Times = Readonly<Record<string, number>>;

/** The scale of the run. */
interface Scale {
  readonly stacks: readonly number[];
  readonly rounds: number;
  readonly reporter: Reporter;
}

/** The results. */
interface Measured {
  /** By the number of deployed stacks. */
  readonly times: Readonly<Record<number, Times>>;
  readonly parts: readonly Phase[];
}

const base = "preview of an empty program";
const measured = "preview";
/** The maximum time of a preview, as a ratio to the base. */
const limit = 1.25;

async function main({ stacks, rounds, json }: ValuesOf<typeof line>): Promise<number> {
  const directory = join(projectDirectory, ".sandbox-bench");
  const reporter = createReporter(process.stderr);
  const sandbox = await startSandbox({ directory, reporter, fresh: true });
  try {
    const plugins = await attachedPlugins(sandbox.environment);
    try {
      const { times, parts } = await measureAll(sandbox, plugins, { stacks, rounds, reporter });
      process.stdout.write(
        json
          ? `${JSON.stringify({ seconds: times, preview: parts }, undefined, 2)}\n`
          : report(times, parts),
      );
    } finally {
      plugins.stop();
    }
    return exitCode.success;
  } finally {
    await stopSandbox(directory, { clean: true });
  }
}

async function measureAll(
  sandbox: Sandbox,
  plugins: AttachedPlugins,
  { stacks, rounds, reporter }: Scale,
): Promise<Measured> {
  const empty = await Workspace.ofProgram(sandbox, "empty", writeEmptyProgram);
  await empty.up();
  const stack = await deploy(sandbox, 1);
  const attached = stack.withEnvironment(plugins.environment);
  const fleet = new BenchFleet(sandbox);
  fleet.add(stack);
  const times: Record<number, Times> = {};
  let deployed = 1;
  for (const count of stacks) {
    while (deployed < count) {
      deployed += 1;
      fleet.add(await deploy(sandbox, deployed));
      reporter.note(`${deployed} of ${Math.max(...stacks)} stacks deployed`);
    }
    times[count] = await measure(rounds, reporter, [
      { name: base, run: () => preview(empty) },
      { name: measured, run: () => preview(attached) },
      { name: "preview, with the start of the stand-ins", run: () => preview(stack) },
      { name: "up without changes", run: () => attached.up("--expect-no-changes") },
      { name: "rotation", run: () => attached.up("--replace", "**::dns-key") },
      { name: "fleet: preview of all", run: () => fleet.run("preview", plugins.environment) },
      { name: "fleet: up of all, and the doctor", run: () => fleet.run("up", plugins.environment) },
    ]);
  }
  return { times, parts: await previewPhases(rounds, attached) };
}

/** Deploys a stack of its own with DNS-01 through Google Cloud. */
async function deploy(sandbox: Sandbox, number: number): Promise<Workspace> {
  const name = `stack-${number}`;
  const workspace = await Workspace.create(sandbox, name, name, {
    challenge: "dns-01",
    dns: { provider: "googleCloud", project: "sandbox-project" },
    // The stacks of a fleet answer challenges at the same time, each for a host of its own.
    domain: `${name}.example.test`,
    namespace: name,
    releaseName: `${name}-provider`,
  });
  await workspace.up();
  return workspace;
}

function preview(workspace: Workspace, ...args: readonly string[]) {
  return workspace.succeed("preview", "-s", workspace.stack, "--expect-no-changes", ...args);
}

/** Alternates between the measurements, so that other load on the machine affects all alike. */
async function measure(
  rounds: number,
  reporter: Reporter,
  measurements: readonly Measurement[],
): Promise<Times> {
  const times = new Map(measurements.map(({ name }) => [name, [] as number[]]));
  for (let round = 1; round <= rounds; round += 1) {
    reporter.note(`Round ${round} of ${rounds}`);
    for (const { name, run } of measurements) {
      const began = performance.now();
      await run();
      times.get(name)?.push((performance.now() - began) / 1_000);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
}

/** The median time of each phase of a preview; the log that shows the phases takes some time of its own. */
async function previewPhases(rounds: number, workspace: Workspace): Promise<Phase[]> {
  const runs: Phase[][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const began = new Date();
    const { stderr } = await preview(workspace, "--logtostderr", "-v=7");
    runs.push(phases(stderr, began, new Date()));
  }
  const [first = []] = runs;
  return first.map(({ name }, index) => ({
    name,
    seconds: median(runs.map((run) => run[index]?.seconds ?? NaN)),
  }));
}

function report(times: Readonly<Record<number, Times>>, parts: readonly Phase[]): string {
  const counts = Object.keys(times).map(Number);
  const names = Object.keys(Object.values(times)[0] ?? {});
  const rows = names.map((name) => [
    name,
    ...counts.map((count) => ratio(times[count]?.[name], times[count]?.[base])),
  ]);
  const total = parts.reduce((sum, part) => sum + part.seconds, 0);
  return [
    styleText("bold", `Ratio to the ${base}, and median time`),
    table(["", ...counts.map((count) => `${count} ${count === 1 ? "stack" : "stacks"}`)], rows),
    ...counts.map((count) => verdict(count, times[count] ?? {})),
    "",
    styleText("bold", "How the time of a preview is spent"),
    table(
      ["", "share", "time"],
      parts.map((part) => [part.name, percent(part.seconds / total), seconds(part.seconds)]),
    ),
    "",
  ].join("\n");
}

/** Whether a preview stays within the limit. */
function verdict(count: number, times: Times): string {
  const found = (times[measured] ?? NaN) / (times[base] ?? NaN);
  const within = found <= limit;
  return styleText(
    within ? "green" : "red",
    `${within ? "✔" : "✘"} With ${count} deployed, a preview is ${within ? "within" : "above"} ${limit} times an empty program's.`,
  );
}

await runCommandLine(line, main);
