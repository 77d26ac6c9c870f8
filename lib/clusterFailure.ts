import { UserError } from "./errors.ts";

/** A cluster in messages. */
export interface ClusterPlace {
  /** The API server's address, without a password; undefined where the kubeconfig has none. */
  readonly server: string | undefined;
  /** The kubeconfig's context; undefined where it has none. */
  readonly context: string | undefined;
}

/**
 * The cluster does not respond: it is down, deleted, or not at the kubeconfig's address; or the kubeconfig names no cluster,
 * as after its deletion with the cluster.
 */
export class ClusterUnreachable extends UserError {}

/** The cluster responds to a request with an error. */
export class ClusterFailure extends UserError {
  /** The HTTP status. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The statuses that callers handle themselves: a missing object, and one that has changed or already exists. */
const answers = [404, 409];

/**
 * An API of the cluster whose calls fail with a readable message: a {@link ClusterUnreachable} or {@link ClusterFailure}. The
 * client's own errors contain whole responses with their headers.
 *
 * @param api a generated API of the Kubernetes client
 * @param place the cluster
 * @param command a command to paste that shows whether the cluster is the right one
 */
export function withSentences<Api extends object>(
  api: Api,
  place: ClusterPlace,
  command: string,
): Api {
  return new Proxy(api, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function"
        ? async (...args: unknown[]) => {
            try {
              return await (Reflect.apply(member, target, args) as Promise<unknown>);
            } catch (error) {
              throw clusterFailure(error, place, command);
            }
          }
        : member;
    },
  });
}

/** Converts an error of the client for {@link withSentences}. */
export function clusterFailure(error: unknown, place: ClusterPlace, command: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) {
    return error;
  }
  const code: unknown = "code" in error ? error.code : undefined;
  if (typeof code === "number") {
    return answers.includes(code)
      ? error
      : new ClusterFailure(
          code,
          `The cluster at ${where(place)} ${refusals[code] ?? "fails"}: ${code}${reason(error)}. ${refusals[code] === undefined ? "Its state" : "The identity"}: ${
            code === 401 || code === 403 ? command.replace("cluster-info", "auth whoami") : command
          }`,
        );
  }
  // An error without a code is a defect of the program, not a failure of the connection.
  return typeof code === "string"
    ? new ClusterUnreachable(
        `The cluster at ${where(place)} does not respond: ${firstLine(error)} (${code}). To check that it is the right cluster: ${command}`,
      )
    : error;
}

const refusals: Readonly<Record<number, string>> = {
  401: "does not accept the kubeconfig's credential",
  403: "denies the request",
};

function where({ server, context }: ClusterPlace): string {
  const named = context === undefined ? "" : ` (context ${context})`;
  return `${server ?? "no address"}${named}`;
}

/** The message in the cluster's response. */
function reason(error: Error): string {
  const body: unknown = "body" in error ? error.body : undefined;
  const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return message === undefined ? "" : ` (${message.replaceAll('\\"', '"')})`;
}

function firstLine({ message }: Error): string {
  return (
    message
      .replace(/^request to \S+ failed, reason: */, "")
      .split("\n")[0]
      ?.trim() ?? ""
  );
}
