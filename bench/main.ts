import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { startSandbox, stopSandbox } from "../sandbox/cluster.ts";
import { exitCode, runCommand } from "../sandbox/errors.ts";
import { projectDirectory } from "../sandbox/paths.ts";
import { createReporter, type Reporter } from "../sandbox/progress.ts";
import { Workspace } from "../test/support/workspace.ts";
import { median, seconds, table } from "./table.ts";

const usage = `Usage: npm run bench -- [--stacks 1,5,20] [--rounds 5] [--json]

Measures, in one run and as ratios to the preview of an empty program with the same engine, what a preview, an up
without changes and a rotation of a DNS-01 stack take, and how they grow with the number of stacks that are deployed.

  --stacks  how many stacks are deployed, one measurement after each (default 1,5,20)
  --rounds  how often each is measured; the median counts (default 5)
  --json    print the medians in seconds as JSON on standard output
  --help    this text
`;

/** A measured program, by what it does. */
interface Measurement {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stacks: { type: "string", default: "1,5,20" },
      rounds: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return exitCode.success;
  }
  const counts = values.stacks.split(",").map(Number);
  const directory = join(projectDirectory, ".sandbox-bench");
  const reporter = createReporter(process.stderr);
  const sandbox = await startSandbox({ directory, reporter, fresh: true });
  try {
    const make = (name: string, program?: string) => programOf(sandbox, name, program);
    const empty = await make("empty", "export default () => ({});\n");
    const imports = await make(
      "imports",
      `import "./components/index.ts";\nimport "./config.ts";\nimport "./dns/googleCloud.ts";\nimport "./outputs.ts";\nexport default () => ({});\n`,
    );
    const deployed: Workspace[] = [];
    const results: Record<string, Record<string, number>> = {};
    for (const count of counts) {
      while (deployed.length < count) {
        deployed.push(await make(`stack-${deployed.length + 1}`));
        reporter.note(`${deployed.length} stacks deployed`);
      }
      const [stack] = deployed;
      if (stack === undefined) {
        continue;
      }
      results[count] = await measure(Number(values.rounds), reporter, [
        { name: "preview of an empty program", run: () => preview(empty) },
        { name: "preview with the imports alone", run: () => preview(imports) },
        { name: "preview", run: () => preview(stack) },
        { name: "up without changes", run: () => stack.up("--expect-no-changes") },
        { name: "rotation", run: () => stack.up("--replace", "**::dns-key") },
      ]);
    }
    if (values.json) {
      process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
    } else {
      report(results);
    }
    return exitCode.success;
  } finally {
    await stopSandbox(directory, { clean: true });
  }
}

/** A stack of its own with DNS-01 at Google, or with another program, deployed. */
async function programOf(
  sandbox: Awaited<ReturnType<typeof startSandbox>>,
  name: string,
  program?: string,
): Promise<Workspace> {
  const workspace = await Workspace.create(sandbox, name, name, {
    challenge: "dns-01",
    dns: { provider: "googleCloud", project: "sandbox-project" },
    namespace: name,
    releaseName: `${name}-provider`,
  });
  if (program !== undefined) {
    writeFileSync(join(workspace.directory, "index.ts"), program);
  }
  await workspace.up();
  return workspace;
}

function preview(workspace: Workspace): Promise<unknown> {
  return workspace.succeed("preview", "-s", workspace.stack, "--expect-no-changes");
}

/** Takes turns, so that what else the machine does meanwhile meets all alike. */
async function measure(
  rounds: number,
  reporter: Reporter,
  measurements: readonly Measurement[],
): Promise<Record<string, number>> {
  const times = new Map(measurements.map(({ name }) => [name, [] as number[]]));
  for (let round = 1; round <= rounds; round += 1) {
    reporter.note(`Round ${round} of ${rounds}`);
    for (const { name, run } of measurements) {
      const begin = performance.now();
      await run();
      times.get(name)?.push((performance.now() - begin) / 1_000);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
}

function report(results: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
  const counts = Object.keys(results);
  const names = Object.keys(results[counts[0] ?? ""] ?? {});
  const rows = names.map((name) => [
    name,
    ...counts.map((count) => {
      const time = results[count]?.[name] ?? NaN;
      const base = results[count]?.["preview of an empty program"] ?? NaN;
      return `${(time / base).toFixed(2)} (${seconds(time)})`;
    }),
  ]);
  console.log(styleText("bold", "Ratio to the preview of an empty program, and median time"));
  console.log(table(["", ...counts.map((count) => `${count} stacks`)], rows));
  console.log(
    "\nWhere a preview's time goes: an empty program is the engine, the language host and Node; the imports are the SDKs;" +
      "\nthe rest is the plugins' start, the lookups at the cloud and the rendering of the chart.",
  );
}

await runCommand(main);
