import { execFile } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { findInstalled, findOnPath, type Installed } from "../programs/builder.ts";
import { messageOf } from "../../lib/errors.ts";
import { remove } from "../../lib/files.ts";
import { findArtifact } from "../programs/artifacts.ts";
import type { Reporter } from "../processes/progress.ts";

/** The tools that run Pulumi programs in the sandbox. */
export const pulumiToolsSchema = z.object({
  /** The `pulumi` executable. */
  cli: z.string(),
  /** The sandbox's language host, if Pulumi's own is not on PATH. */
  languageHost: z.string().optional(),
  /** The Kubernetes plugin, if Pulumi does not install its plugins by itself. */
  kubernetesPlugin: z.string().optional(),
});

/** The tools that run Pulumi programs in the sandbox. */
export type PulumiTools = z.infer<typeof pulumiToolsSchema>;

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The packages whose plugins the program uses. */
const packages = ["kubernetes", "gcp", "cloudflare", "random"] as const;

/** Timeout of the installation of one plugin, in milliseconds. */
const downloadTimeout = 300_000;

/**
 * The artifacts that this machine needs to run Pulumi programs in addition to its installed tools: only the CLI if
 * the language host is installed, because Pulumi then installs its plugins by itself.
 */
export async function pulumiArtifacts(): Promise<readonly PulumiArtifact[]> {
  const cli = await findInstalled("pulumi");
  return cli?.onPath === true && findOnPath("pulumi-language-nodejs") !== undefined
    ? ["pulumi"]
    : ["pulumi", "pulumi-language-nodejs", "pulumi-resource-kubernetes"];
}

/** The Pulumi installation of this machine. If it is missing, or is only the CLI, the built tools in its place. */
export function pulumiTools(installed: ReadonlyMap<PulumiArtifact, Installed>): PulumiTools {
  return {
    cli: installed.get("pulumi")?.path ?? "pulumi",
    languageHost: installed.get("pulumi-language-nodejs")?.path,
    kubernetesPlugin: installed.get("pulumi-resource-kubernetes")?.path,
  };
}

type PulumiArtifact = "pulumi" | "pulumi-language-nodejs" | "pulumi-resource-kubernetes";

/**
 * Installs the plugins in the home folder `home`, where Pulumi finds them: the official plugins if Pulumi is
 * installed, else the Kubernetes plugin that was built. A run itself could not download them, because it has no
 * access to the network.
 */
export async function installPlugins(
  home: string,
  { cli, languageHost, kubernetesPlugin }: PulumiTools,
  reporter: Reporter,
): Promise<void> {
  if (kubernetesPlugin !== undefined) {
    installPlugin(home, kubernetesPlugin);
  }
  if (languageHost !== undefined) {
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
      // The plugin may be on PATH, where Pulumi also finds it. If it is missing, Pulumi itself reports that.
      reporter.note(`Pulumi did not install its plugin ${name} ${version}: ${messageOf(error)}`);
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
