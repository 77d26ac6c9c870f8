import { log } from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state.js";

/**
 * Lets a program be silent once the engine has ended its run.
 *
 * The engine does so where a plugin cannot be configured, or where the user cancels, and has said why. Each call of the
 * program's fails from then on, and the SDK tells of each, with a stack trace of gRPC's: `failed to deliver log message …
 * Resource monitor is terminating` (@pulumi/pulumi, log/index.js). What it has marked as terminated (runtime/settings.js,
 * `terminateRpcs`) it ends with an exit code by which the engine knows that all is said.
 */
const { error, info, warn } = log;

Object.assign(log, { error: untilEnded(error), info: untilEnded(info), warn: untilEnded(warn) });

/** The types leave it out. */
const { getStore } = state as unknown as {
  readonly getStore: () => { readonly terminated: boolean };
};

function untilEnded(write: typeof error): typeof error {
  return (...args) => (getStore().terminated ? Promise.resolve() : write(...args));
}
