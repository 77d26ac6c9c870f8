import * as pulumi from "@pulumi/pulumi";
import { printable } from "../lib/printable.ts";

/**
 * A hook with printable errors. The engine prints a hook's error unchanged, not through the program's log, and the error may
 * quote a cluster or a DNS provider.
 *
 * @param name the hook's name
 * @param run the hook's function
 * @param options options of the hook
 */
export function resourceHook(
  name: string,
  run: pulumi.ResourceHookFunction,
  options?: pulumi.ResourceHookOptions,
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    name,
    async (args) => {
      try {
        await run(args);
      } catch (error) {
        if (error instanceof Error) {
          error.message = printable(error.message);
        }
        throw error;
      }
    },
    options,
  );
}
