import { findAccess, type CloudAccess } from "../dns/access.ts";
import type { StateResource } from "./stackState.ts";

/**
 * How the clouds are reached, as their plugins find it. What the stack's state says of these stands for its
 * configuration, which may need the passphrase; what is encrypted in it counts as not there.
 */
export function cloudAccess(
  resources: readonly StateResource[],
  environment?: NodeJS.ProcessEnv,
): CloudAccess {
  return findAccess(
    (plugin, setting) =>
      resources.find(({ type }) => type === `pulumi:providers:${plugin}`)?.inputs[setting],
    environment,
  );
}
