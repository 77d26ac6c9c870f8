import * as pulumi from "@pulumi/pulumi";
import { printable } from "../lib/printable.ts";

/**
 * A hook whose failure can be shown: the engine writes its message to the terminal as it is, past the program's log, and
 * it may quote a cluster or a cloud.
 *
 * @param name the hook's name
 * @param run what it does
 * @param options as of any hook
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
