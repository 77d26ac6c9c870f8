/**
 * A Kubernetes API client for the parts of the sandbox that run beside the cluster. They need only a few calls of
 * `@kubernetes/client-node`, and loading it takes each part longer than all of its work.
 */
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";

/** A kubeconfig in the form that the sandbox writes (credentials.ts): JSON, with one cluster and one user. */
interface Kubeconfig {
  readonly clusters: readonly [
    {
      readonly cluster: { readonly server: string; readonly "certificate-authority-data": string };
    },
  ];
  readonly users: readonly [
    {
      readonly user: {
        readonly "client-certificate-data": string;
        readonly "client-key-data": string;
      };
    },
  ];
}

/** A list of objects of one type. */
export interface List<T> {
  readonly items: readonly T[];
}

/** A request that the API server refused. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether an error is a refusal by the API server with this status. */
export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

/** Timeout of one request, in milliseconds. A watch has no timeout. */
const requestTimeout = 30_000;
/** Idle time after which TCP keep-alive probes a connection, in milliseconds. */
const keepAlive = 30_000;

/** The API server of a sandbox. */
export class Api {
  readonly #server: string;
  readonly #agent: Agent;

  /** @param kubeconfig path of the sandbox's kubeconfig */
  constructor(kubeconfig: string) {
    const { clusters, users } = JSON.parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
    const [{ cluster }] = clusters;
    const [{ user }] = users;
    this.#server = cluster.server;
    this.#agent = new Agent({
      ca: decoded(cluster["certificate-authority-data"]),
      cert: decoded(user["client-certificate-data"]),
      key: decoded(user["client-key-data"]),
      keepAlive: true,
    });
  }

  /** All objects at a path such as `/api/v1/persistentvolumes`. */
  async list<T>(path: string): Promise<readonly T[]> {
    return ((await this.#call("GET", path)) as List<T>).items;
  }

  /** The object at this path. */
  async read<T>(path: string): Promise<T> {
    return (await this.#call("GET", path)) as T;
  }

  /** Applies the object at this path by server-side apply. */
  async apply(path: string, object: object, fieldManager: string): Promise<void> {
    const query = new URLSearchParams({ fieldManager, force: "true" });
    await this.#call(
      "PATCH",
      `${path}?${query.toString()}`,
      object,
      "application/apply-patch+yaml",
    );
  }

  /** Creates an object in the list at this path. */
  async create(path: string, object: object): Promise<void> {
    await this.#call("POST", path, object);
  }

  /** Replaces an object, or a part of it such as its `/status`, at this path. */
  async replace(path: string, object: object): Promise<void> {
    await this.#call("PUT", path, object);
  }

  /** Deletes the object at this path. */
  async delete(path: string): Promise<void> {
    await this.#call("DELETE", path);
  }

  /**
   * Watches the objects at a path: reports the existing objects, then each change. Returns when the API server ends
   * the watch.
   *
   * @throws when the watch cannot begin, or the connection breaks
   */
  async watch(path: string, onChange: () => void): Promise<void> {
    const response = await this.#send("GET", `${path}?watch=true`);
    response.socket.setKeepAlive(true, keepAlive);
    response.socket.setTimeout(0);
    for await (const _ of response) {
      onChange();
    }
  }

  async #call(method: string, path: string, body?: object, type?: string): Promise<unknown> {
    return JSON.parse(await text(await this.#send(method, path, body, type)));
  }

  async #send(
    method: string,
    path: string,
    body?: object,
    type = "application/json",
  ): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const url = `${this.#server}${path}`;
      const headers = { accept: "application/json", "content-type": type };
      const request = requestHttps(url, {
        method,
        agent: this.#agent,
        headers,
        timeout: requestTimeout,
      });
      request.on("response", resolve);
      request.on("timeout", () => request.destroy(new Error(`${url} does not respond`)));
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) {
      return response;
    }
    throw new ApiError(
      statusCode,
      `${method} ${path}: status ${statusCode}: ${await text(response)}`,
    );
  }
}

function decoded(data: string): Buffer {
  return Buffer.from(data, "base64");
}
