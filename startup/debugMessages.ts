import { log } from "@pulumi/pulumi";

const { debug } = log;

/**
 * Removes the engine's responses from the SDK's debug messages.
 *
 * The SDK prints them unchanged, with every secret of a resource in plain text (@pulumi/pulumi, runtime/resource.js, `RPC
 * finished`), with `--debug`, in the event log and with `--logtostderr -v=9`.
 */
Object.assign(log, {
  debug: ((message, ...rest) =>
    debug(message.replace(/, resp: .*/s, ""), ...rest)) satisfies typeof debug,
});
