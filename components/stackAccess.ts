import { getStack, runtime } from "@pulumi/pulumi";
import { findAccess, type CloudAccess } from "../dns/access.ts";

/** How the clouds are reached by what the running stack says to their plugins, else by the environment. */
export function stackAccess(): CloudAccess {
  const all = runtime.allConfig();
  return findAccess((plugin, setting) => all[`${plugin}:${setting}`], process.env, getStack());
}
