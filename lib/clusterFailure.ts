import { UserError } from "./errors.ts";

/** A cluster, as messages name it. */
export interface ClusterPlace {
  /** The API server's address, without a password; undefined where the kubeconfig has none. */
  readonly server: string | undefined;
  /** The kubeconfig's context; undefined where it has none. */
  readonly context: string | undefined;
}

/**
 * No cluster answers: it is away, gone, or not where the kubeconfig says; or the kubeconfig leads to none, as where it went
 * with the cluster.
 */
export class ClusterUnreachable extends UserError {}

/** The cluster answers, but not with what it was asked for. */
export class ClusterFailure extends UserError {
  /** The HTTP status. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What callers tell apart by itself: no such object, and one that has changed or is there already. */
const answers = [404, 409];

/**
 * An API of the cluster whose calls fail with a sentence: a {@link ClusterUnreachable} or {@link ClusterFailure}. The
 * client's own errors hold whole answers with their headers.
 *
 * @param api a generated API of the Kubernetes client
 * @param place which cluster it is
 * @param command what shows whether the cluster is the right one, for who pastes it
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

/** What the client has thrown, as {@link withSentences} tells it. */
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
          `The cluster at ${where(place)} ${refusals[code] ?? "fails"}: ${code}${reason(error)}. ${refusals[code] === undefined ? "Its state" : "Who asks"}: ${
            code === 401 || code === 403 ? command.replace("cluster-info", "auth whoami") : command
          }`,
        );
  }
  // Without a code it is no failure of the connection, but of the program.
  return typeof code === "string"
    ? new ClusterUnreachable(
        `The cluster at ${where(place)} does not answer: ${words(error)} (${code}). Is it the right one? ${command}`,
      )
    : error;
}

const refusals: Readonly<Record<number, string>> = {
  401: "does not accept the kubeconfig's credential",
  403: "does not allow that",
};

function where({ server, context }: ClusterPlace): string {
  const named = context === undefined ? "" : ` (context ${context})`;
  return `${server ?? "no address"}${named}`;
}

/** The cluster's own words, without the rest of its answer. */
function reason(error: Error): string {
  const body: unknown = "body" in error ? error.body : undefined;
  const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return message === undefined ? "" : ` (${message.replaceAll('\\"', '"')})`;
}

function words({ message }: Error): string {
  return (
    message
      .replace(/^request to \S+ failed, reason: */, "")
      .split("\n")[0]
      ?.trim() ?? ""
  );
}
