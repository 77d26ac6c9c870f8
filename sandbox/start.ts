import { relative } from "node:path";
import { parseArgs } from "node:util";
import { provideChart } from "./chart.ts";
import { startSandbox, withDeploymentLock } from "./cluster.ts";
import { deploy, readDeployment, waitForProviderPod } from "./deployment.ts";
import { exitCode, runCommand, UsageError } from "./errors.ts";
import { defaultSandboxDirectory, projectDirectory } from "./paths.ts";
import { createReporter, formatSeconds, withStep } from "./progress.ts";

const usage = `Usage: npm start -- [gcp|cloudflare] [--fresh] [--json]

Starts the sandbox on this machine and deploys the provider in it: by default stack \`local\`, whose certificate is
proved over HTTP; with gcp or cloudflare one whose certificate is proved by a DNS record there.

  --fresh  begin with an empty cluster and an empty Pulumi state
  --json   print the summary as JSON on standard output, and all else on standard error
  --help   this text
`;

/** The stacks that can be deployed in the sandbox, by the word that asks for them; undefined is not there yet. */
const stacks = new Map<string, string | undefined>([
  ["http", "local"],
  ["gcp", undefined],
  ["cloudflare", undefined],
]);

/** What the arguments of `npm start` ask for. */
export interface StartArguments {
  /** The stack to deploy. */
  readonly stack: string;
  readonly fresh: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/**
 * Reads the arguments of `npm start`.
 *
 * @throws UsageError when they ask for what does not exist.
 */
export function parseStartArguments(args: readonly string[]): StartArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      fresh: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [challenge = "http", ...rest] = positionals;
  if (rest.length > 0) {
    throw new UsageError(`One challenge at a time, not ${positionals.join(" and ")}.\n\n${usage}`);
  }
  if (!stacks.has(challenge)) {
    throw new UsageError(`There is no challenge \`${challenge}\` in the sandbox.\n\n${usage}`);
  }
  const stack = stacks.get(challenge);
  if (stack === undefined) {
    throw new UsageError(`The sandbox cannot show \`${challenge}\` yet; \`npm start\` shows HTTP.`);
  }
  return { stack, ...values };
}

async function main(): Promise<number> {
  const { stack, fresh, json, help } = parseStartArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return exitCode.success;
  }
  const started = Date.now();
  const reporter = createReporter(json ? process.stderr : process.stdout);
  const sandbox = await startSandbox({ directory: defaultSandboxDirectory, reporter, fresh });
  const chart = await withDeploymentLock(sandbox, reporter, async () => {
    const provided = await withStep(
      reporter,
      "Chart",
      () => provideChart(sandbox.directory),
      ({ description }) => description,
    );
    await deploy(sandbox, stack, reporter, json ? "stderr" : "inherit");
    return provided;
  });

  reporter.note("");
  const deployment = await readDeployment(sandbox, stack);
  const pod = await withStep(
    reporter,
    "Provider pod ready",
    () => waitForProviderPod(sandbox.kubeconfig, deployment.namespace),
    (name) => name,
  );
  const seconds = (Date.now() - started) / 1000;
  if (json) {
    const { outputs, namespace, objects } = deployment;
    const summary = { stack, namespace, pod, objects, outputs, chart, seconds };
    process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
    return exitCode.success;
  }
  const total = Object.values(deployment.objects).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(deployment.objects).map(([kind, count]) => `${count} ${kind}`);
  process.stdout.write(
    `
The provider is up: pod ${pod} in namespace ${deployment.namespace} is ready, after ${formatSeconds(seconds)}.
Helm made ${total} objects: ${kinds.join(", ")}.
Logs of the sandbox are in ${relative(projectDirectory, sandbox.directory)}/logs.

Try next:
  npm run pulumi -- preview -s ${stack}
  npm run kubectl -- get all -n ${deployment.namespace}
  npm stop
`,
  );
  return exitCode.success;
}

if (import.meta.main) {
  await runCommand(main);
}
