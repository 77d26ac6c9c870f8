import { log } from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state.js";

/**
 * Suppresses a program's messages after the engine has ended its run.
 *
 * The engine ends a run where a plugin cannot be configured, or where the user cancels, and has printed the reason. Each
 * later call of the program fails, and the SDK prints each failure with a gRPC stack trace: `failed to deliver log message …
 * Resource monitor is terminating` (@pulumi/pulumi, log/index.js). The SDK ends a terminated run (runtime/settings.js,
 * `terminateRpcs`) with an exit code that tells the engine that the error is already printed.
 */
const { error, info, warn } = log;

Object.assign(log, { error: untilEnded(error), info: untilEnded(info), warn: untilEnded(warn) });

/** The SDK's types omit it. */
const { getStore } = state as unknown as {
  readonly getStore: () => { readonly terminated: boolean };
};

function untilEnded(write: typeof error): typeof error {
  return (...args) => (getStore().terminated ? Promise.resolve() : write(...args));
}
