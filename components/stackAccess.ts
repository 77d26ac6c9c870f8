import { getStack, runtime } from "@pulumi/pulumi";
import { findAccess, type CloudAccess } from "../dns/access.ts";

/** Endpoints and identities for the DNS providers' APIs, from the running stack's configuration, else from the environment. */
export function stackAccess(): CloudAccess {
  const all = runtime.allConfig();
  return findAccess((plugin, setting) => all[`${plugin}:${setting}`], process.env, getStack());
}
