import { flushCompileCache } from "node:module";
import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { engineLog } from "./engineLog.ts";
import type { Plugin } from "./plugin.ts";
import { pluginService } from "./server.ts";

/** The interval of the check that the engine is alive, in milliseconds. */
const PARENT_CHECK_INTERVAL = 1_000;

/** As for Pulumi's own plugins; gRPC's default is 4 MiB. */
const LARGEST_MESSAGE = 400 * 1024 * 1024;

/**
 * Runs a plugin as the engine starts it: serves on a free port of the loopback address, prints the port as the
 * first line of the output, and ends with the engine.
 */
export async function servePlugin<Cloud>(plugin: Plugin<Cloud>): Promise<void> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": LARGEST_MESSAGE,
    "grpc.max_send_message_length": LARGEST_MESSAGE,
  });
  // The engine's address is the last argument.
  const log = engineLog(process.argv.at(-1) ?? "");
  server.addService(providerGrpc.ResourceProviderService, pluginService(plugin, process.env, log));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        reject(error);
      } else {
        resolve(bound);
      }
    });
  });
  process.stdout.write(`${port}\n`);
  // The engine ends the plugin with a signal, which would leave no time for this.
  flushCompileCache();
  exitWithParent();
}

/** A killed engine cannot end its plugins; they detect that their parent has changed. */
function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, PARENT_CHECK_INTERVAL).unref();
}
