import * as grpc from "@grpc/grpc-js";

/** Writes to the engine's log, which is shown to the user. */
export type EngineLog = (
  severity: "warning" | "error",
  message: string,
  /** The resource of the message. Default: the stack. */
  urn?: string,
) => Promise<void>;

/** Timeout of logging a message, in milliseconds. */
const DEADLINE = 2_000;

/**
 * The log of an engine.
 *
 * @param address the engine's address; without a listener there, nothing is logged
 */
export function engineLog(address: string): EngineLog {
  return async (severity, message, urn = "") => {
    // Loaded on demand: most runs log nothing, and the module would slow down each start of a plugin.
    const { default: engineGrpc } = await import("@pulumi/pulumi/proto/engine_grpc_pb.js");
    const { default: engine } = await import("@pulumi/pulumi/proto/engine_pb.js");
    const { WARNING, ERROR } = engine.LogSeverity;
    const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
    const request = new engine.LogRequest();
    request.setSeverity(severity === "warning" ? WARNING : ERROR);
    request.setMessage(message);
    request.setUrn(urn);
    return new Promise((done) => {
      client.log(request, new grpc.Metadata(), { deadline: Date.now() + DEADLINE }, () => {
        client.close();
        done();
      });
    });
  };
}
