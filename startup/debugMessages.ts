import { log } from "@pulumi/pulumi";

const { debug } = log;

/**
 * Keeps the engine's answers out of the SDK's debug messages.
 *
 * It writes them as they come, with every secret of a resource in clear (@pulumi/pulumi, runtime/resource.js, `RPC
 * finished`), and they show with `--debug`, in the event log and with `--logtostderr -v=9`.
 */
Object.assign(log, {
  debug: ((message, ...rest) =>
    debug(message.replace(/, resp: .*/s, ""), ...rest)) satisfies typeof debug,
});
