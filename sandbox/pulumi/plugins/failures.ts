import * as grpc from "@grpc/grpc-js";
import errorDetails from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import { messageOf } from "../../../lib/errors.ts";
import type { Found } from "./plugin.ts";
import { toStruct } from "./values.ts";

/** A refusal by an API, with its message. Contains nothing of the request. */
export class CloudError extends Error {
  override readonly name = "CloudError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether `error` is a refusal by an API with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof CloudError && statuses.includes(error.status);
}

/** Returns the result of `work`, or undefined if the API refuses it with one of these statuses. */
export async function unlessStatus<T>(
  statuses: readonly number[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (hasStatus(error, ...statuses)) {
      return undefined;
    }
    throw error;
  }
}

/** A resource that was created, but not completely initialized. */
export class InitializationError extends Error {
  override readonly name = "InitializationError";
  readonly found: Found;

  /**
   * @param found The resource, with its secrets marked.
   * @param message The part of the initialization that failed.
   */
  constructor(found: Found, message: string) {
    super(message);
    this.found = found;
  }
}

/**
 * An error in gRPC's format. The error of an initialization carries the resource, so that the engine records it and
 * the next update continues from there. gRPC for Node has no field for such details, only the header from which the
 * other implementations read them (`grpcResponseFromError` in `@pulumi/pulumi/provider/server.js`).
 */
export function toServiceError(error: unknown): Partial<grpc.StatusObject> {
  const message = messageOf(error);
  const metadata = new grpc.Metadata();
  if (error instanceof InitializationError) {
    const detail = new errorDetails.ErrorResourceInitFailed();
    detail.setId(error.found.id);
    detail.setProperties(toStruct(error.found.outputs));
    detail.setReasonsList([message]);
    const packed = new any.Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statusMessages.Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(packed);
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
