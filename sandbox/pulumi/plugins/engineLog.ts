import * as grpc from "@grpc/grpc-js";

/** Writes to the engine's log, which it shows to the user. */
export type EngineLog = (
  severity: "warning" | "error",
  message: string,
  /** The resource that it is about. Default: the stack. */
  urn?: string,
) => Promise<void>;

/** How long the engine may take to note a message, in milliseconds. */
const DEADLINE = 2_000;

/**
 * The log of an engine.
 *
 * @param address where the engine listens; nothing is logged where it does not
 */
export function engineLog(address: string): EngineLog {
  return async (severity, message, urn = "") => {
    // Loaded here: most runs have nothing to tell, and each start of a plugin would take it along.
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
