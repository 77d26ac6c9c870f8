import { createRequire } from "node:module";
import { join } from "node:path";
import type language from "@pulumi/pulumi/proto/language_pb.js";

/** What a program is started with. */
export interface ProgramInvocation {
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * How to start the program that the engine asks to run.
 *
 * @param engine Address of the engine.
 * @throws when the project has not installed `@pulumi/pulumi`.
 */
export function invocationOf(request: language.RunRequest, engine: string): ProgramInvocation {
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() ?? request.getPwd();
  const options = runtimeOptions(info);
  const flags = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    pwd: request.getPwd(),
    "root-directory": info?.getRootDirectory() ?? "",
    parallel: String(request.getParallel()),
  };
  const entryPoint = info?.getEntryPoint() ?? request.getProgram();
  return {
    args: [
      ...nodeArguments(options.nodeargs),
      resolveRunner(directory),
      ...Object.entries(flags).flatMap(([name, value]) =>
        value === "" ? [] : [`--${name}`, value],
      ),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      ...(request.getQuerymode() ? ["--query-mode"] : []),
      entryPoint,
      ...request.getArgsList(),
    ],
    directory: request.getPwd(),
    environment: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
    },
  };
}

function runtimeOptions(info: language.ProgramInfo | undefined): Record<string, unknown> {
  return info?.getOptions()?.toJavaScript() ?? {};
}

function nodeArguments(option: unknown): string[] {
  return typeof option === "string" ? option.split(/\s+/).filter((word) => word !== "") : [];
}

function resolveRunner(directory: string): string {
  try {
    return createRequire(join(directory, "/")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(`${directory} has no package @pulumi/pulumi: run \`npm ci\` there.`);
  }
}
