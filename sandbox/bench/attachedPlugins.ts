import { spawn } from "node:child_process";
import { once } from "node:events";
import { sandboxSource } from "../paths.ts";

/** Plugins that run on their own, to which every engine attaches. */
export interface AttachedPlugins {
  /** The variables that give the engine the plugins' addresses. */
  readonly environment: NodeJS.ProcessEnv;
  readonly stop: () => void;
}

/**
 * Starts the stand-ins for the plugins of Google Cloud and Cloudflare once for all runs. They run on Node, so their
 * start time does not represent that of the vendors' plugins.
 *
 * @param environment with the addresses and credentials of the emulated clouds
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
