import { execFile } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { ensurePrograms, findOnPath } from "../programs/builder.ts";
import { messageOf } from "../../lib/errors.ts";
import { remove } from "../../lib/files.ts";
import { findArtifact } from "../programs/artifacts.ts";
import type { Reporter } from "../processes/progress.ts";

/** What runs Pulumi programs in the sandbox. */
export const pulumiToolsSchema = z.object({
  /** The `pulumi` executable. */
  cli: z.string(),
  /** Whether Pulumi's own Node language host is on PATH; else the sandbox's takes its place. */
  ownLanguageHost: z.boolean(),
  /** The Kubernetes plugin, where Pulumi is not left to install its plugins by itself. */
  kubernetesPlugin: z.string().optional(),
});

/** What runs Pulumi programs in the sandbox. */
export type PulumiTools = z.infer<typeof pulumiToolsSchema>;

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The packages whose plugins the program uses. */
const packages = ["kubernetes", "gcp", "cloudflare", "random"] as const;

/** How long Pulumi may take for one plugin, in milliseconds. */
const downloadTimeout = 300_000;

const languageHost = "pulumi-language-nodejs";

/**
 * Finds the Pulumi installation of this machine: CLI and language host, which installs plugins by itself. Where
 * it has none, or only the CLI, the rest is built.
 */
export async function ensurePulumi(reporter: Reporter): Promise<PulumiTools> {
  const cli = await ensureOne("pulumi", reporter);
  if (cli.onPath && findOnPath(languageHost) !== undefined) {
    return { cli: cli.path, ownLanguageHost: true };
  }
  const plugin = await ensureOne("pulumi-resource-kubernetes", reporter);
  return { cli: cli.path, ownLanguageHost: false, kubernetesPlugin: plugin.path };
}

/**
 * Puts the plugins where Pulumi looks for installed ones, in the home folder `home`: the official ones, where Pulumi is
 * installed, else the Kubernetes plugin that was built. A run itself would not get them: nothing of it leaves this machine.
 */
export async function installPlugins(
  home: string,
  { cli, kubernetesPlugin, ownLanguageHost }: PulumiTools,
  reporter: Reporter,
): Promise<void> {
  if (kubernetesPlugin !== undefined) {
    installPlugin(home, kubernetesPlugin);
  }
  if (!ownLanguageHost) {
    return;
  }
  for (const name of packages) {
    const { version } = require(`@pulumi/${name}/package.json`) as { readonly version: string };
    if (existsSync(join(home, "plugins", `resource-${name}-v${version}`))) {
      continue;
    }
    try {
      await run(cli, ["plugin", "install", "resource", name, version], {
        timeout: downloadTimeout,
        env: { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
      });
    } catch (error) {
      // It may be on PATH, where Pulumi finds it, too; else Pulumi says by itself what it misses.
      reporter.note(`Pulumi has not installed its plugin ${name} ${version}: ${messageOf(error)}`);
    }
  }
}

function installPlugin(home: string, executable: string): void {
  const { version } = findArtifact("pulumi-resource-kubernetes");
  const link = join(
    home,
    "plugins",
    `resource-kubernetes-v${version}`,
    "pulumi-resource-kubernetes",
  );
  mkdirSync(dirname(link), { recursive: true });
  remove(link);
  symlinkSync(executable, link);
}

async function ensureOne(name: "pulumi" | "pulumi-resource-kubernetes", reporter: Reporter) {
  const installed = (await ensurePrograms([name], reporter)).get(name);
  if (installed === undefined) {
    throw new Error(`${name} is not installed`);
  }
  return installed;
}
