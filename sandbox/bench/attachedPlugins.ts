import { spawn } from "node:child_process";
import { once } from "node:events";
import { sandboxSource } from "../paths.ts";

/** Plugins that run on their own, and to which every engine attaches. */
export interface AttachedPlugins {
  /** What tells the engine where they are. */
  readonly environment: NodeJS.ProcessEnv;
  readonly stop: () => void;
}

/**
 * Starts the stand-ins of the clouds' plugins once for all runs. They run on Node, so that their start says nothing of
 * the vendors' plugins.
 *
 * @param environment with the clouds' addresses and access
 */
export async function attachedPlugins(environment: NodeJS.ProcessEnv): Promise<AttachedPlugins> {
  const plugins = await Promise.all(
    ["gcp", "random"].map(async (name) => {
      const child = spawn(sandboxSource(`pulumi/plugins/pulumi-resource-${name}`), [], {
        env: environment,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [port] = (await once(child.stdout, "data")) as [Buffer];
      return { child, place: `${name}:${port.toString().trim()}` };
    }),
  );
  return {
    // https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin#GetProviderAttachPort
    environment: { PULUMI_DEBUG_PROVIDERS: plugins.map(({ place }) => place).join(",") },
    stop: () => {
      for (const { child } of plugins) {
        child.kill();
      }
    },
  };
}
