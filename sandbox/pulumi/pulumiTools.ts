import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ensurePrograms, findOnPath } from "../programs/builder.ts";
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

/** Puts the Kubernetes plugin where Pulumi looks for installed plugins, in the home folder `home`. */
export function installPlugin(home: string, executable: string): void {
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
