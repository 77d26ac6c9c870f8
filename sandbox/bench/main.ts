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
      "Measures in one run, as ratios to the preview of an empty program with the same engine, what a preview, an up " +
        "without changes and a rotation of a stack with DNS-01 take, how they grow with the number of stacks that are " +
        "deployed, what `npm run fleet` takes with all of them, and where the time of a preview goes. The stand-ins of the clouds' plugins run beforehand, since " +
        "their start says nothing of the vendors'; one row is with their start. It has a sandbox of its own, and needs " +
        "about half a minute for each stack and each round.",
    ],
    parameters: {
      stacks: value(
        "--stacks <counts>",
        "how many stacks are deployed, one measurement after each",
        {
          read: (text) => text.split(",").map((part) => count("--stacks", part)),
          default: "1,5,20",
        },
      ),
      rounds: value("--rounds <count>", "how often each is measured; the median counts", {
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
    throw new UsageError(`${option} takes whole numbers from 1, not ${text}`);
  }
  return Number(text);
}

/** What is measured, by what it does. */
interface Measurement {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

/** Median times in seconds by what was measured. */
type Times = Readonly<Record<string, number>>;

/** How much is measured. */
interface Scale {
  readonly stacks: readonly number[];
  readonly rounds: number;
  readonly reporter: Reporter;
}

/** What was found. */
interface Measured {
  /** By how many stacks were deployed. */
  readonly times: Readonly<Record<number, Times>>;
  readonly parts: readonly Phase[];
}

const base = "preview of an empty program";
const measured = "preview";
/** What a preview may take at most, as a ratio to the base. */
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

/** A stack of its own with DNS-01 at Google. */
async function deploy(sandbox: Sandbox, number: number): Promise<Workspace> {
  const name = `stack-${number}`;
  const workspace = await Workspace.create(sandbox, name, name, {
    challenge: "dns-01",
    dns: { provider: "googleCloud", project: "sandbox-project" },
    namespace: name,
    releaseName: `${name}-provider`,
  });
  await workspace.up();
  return workspace;
}

function preview(workspace: Workspace, ...args: readonly string[]) {
  return workspace.succeed("preview", "-s", workspace.stack, "--expect-no-changes", ...args);
}

/** Takes turns, so that what else the machine does meanwhile meets all alike. */
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

/** Where the time of a preview goes, each phase by its median; the log that tells takes some time of its own. */
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
    styleText("bold", "Where the time of a preview goes"),
    table(
      ["", "share", "time"],
      parts.map((part) => [part.name, percent(part.seconds / total), seconds(part.seconds)]),
    ),
    "",
  ].join("\n");
}

/** Whether a preview took no longer than it may. */
function verdict(count: number, times: Times): string {
  const found = (times[measured] ?? NaN) / (times[base] ?? NaN);
  const within = found <= limit;
  return styleText(
    within ? "green" : "red",
    `${within ? "✔" : "✘"} With ${count} deployed, a preview is ${within ? "within" : "above"} ${limit} times an empty program's.`,
  );
}

await runCommandLine(line, main);
