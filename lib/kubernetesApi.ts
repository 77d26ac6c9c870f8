import type { Agent, RequestOptions } from "node:https";
import type {
  ApiException as ApiExceptionType,
  ApiType,
  AppsV1Api,
  Configuration,
  CoreV1Api,
  HttpLibrary,
  KubeConfig,
  RequestContext,
  ResponseContext,
} from "@kubernetes/client-node";
import { kubectl, type CommandTarget } from "./clusterCommand.ts";
import { ClusterFailure, ClusterUnreachable, withSentences } from "./clusterFailure.ts";
import { UserError } from "./errors.ts";
import { execCredential, isFresh, type ExecCredential } from "./execCredential.ts";
import { parseJson } from "./json.ts";
import {
  connectionTo,
  isPath,
  type ClusterChoice,
  type Connection,
  type ExecPlugin,
} from "./kubeconfig.ts";
import { withoutUserinfo, withRemoteNames } from "./proxy.ts";
import { shell } from "./shell.ts";
import { printableLine } from "./printable.ts";

/** How long the API server may take to begin its answer, in milliseconds. */
const answerTimeout = 10_000;

/** The cluster refuses a call to whoever makes it, with 401 or 403. Its message says what, where and to whom. */
export class ClusterRefusal extends ClusterFailure {}

/**
 * The client of a cluster, which makes the APIs of its groups; one for all of a process, so that a credential plugin is
 * asked once.
 *
 * Their calls throw a {@link ClusterRefusal} where the cluster answers 401 or 403, and a ClusterUnreachable where
 * it does not answer.
 *
 * @param choice which cluster
 * @throws UserError as {@link connectionTo}
 */
export function clusterClient(choice: ClusterChoice): Promise<KubeConfig> {
  const connection = connectionTo(choice);
  const { context, kubeconfig, stack } = choice;
  // With the connection: a kubeconfig may change while a process watches a cluster.
  const key = JSON.stringify([context, kubeconfig, stack, connection]);
  const known = clients.get(key) ?? newClient(choice, connection);
  clients.set(key, known);
  return known;
}

const clients = new Map<string, Promise<KubeConfig>>();

/** What a credential plugin hands out, which is asked again when that has ended, or is refused, as by client-go. */
class PluginCredentials {
  readonly #plugin: ExecPlugin;
  readonly #connection: Connection;
  #asked: Promise<ExecCredential> | undefined;

  constructor(plugin: ExecPlugin, connection: Connection) {
    this.#plugin = plugin;
    this.#connection = connection;
  }

  async current(): Promise<ExecCredential> {
    const before = this.#asked;
    const known = await before?.catch(() => undefined);
    if (known !== undefined && isFresh(known, Date.now())) {
      return known;
    }
    // Of several calls at once the first asks.
    if (this.#asked === undefined || this.#asked === before) {
      this.#asked = execCredential(this.#plugin, this.#connection);
    }
    return this.#asked;
  }

  /** Has the plugin asked again by the next call. */
  forget(): void {
    this.#asked = undefined;
  }
}

async function newClient(choice: ClusterChoice, connection: Connection): Promise<KubeConfig> {
  // Loaded here, since a preview runs no hooks and would only wait for it.
  const { KubeConfig, ServerConfiguration, createConfiguration, wrapHttpLibrary } =
    await import("@kubernetes/client-node");
  const { exec } = connection.user;
  const credentials = exec === undefined ? undefined : new PluginCredentials(exec, connection);
  const library = createConfiguration().httpApi;
  const httpApi = wrapHttpLibrary({
    send: async (request) => {
      try {
        return await answerOf(library, request, connection, choice);
      } catch (error) {
        if (error instanceof ClusterRefusal && error.code === 401) {
          credentials?.forget();
        }
        throw error;
      }
    },
  });
  const config = new KubeConfig();
  const { name, ...user } = userOf(connection);
  config.loadFromOptions({
    clusters: [clusterOf(connection)],
    users: [{ name, ...user }],
    contexts: [{ name: "cluster", cluster: "cluster", user: name }],
    currentContext: "cluster",
  });
  config.addAuthenticator({
    isAuthProvider: () => credentials !== undefined,
    applyAuthentication: async (_, options: RequestOptions) => {
      if (credentials === undefined) {
        return;
      }
      const { token, clientCertificateData, clientKeyData } = await credentials.current();
      Object.assign(options, {
        ...(clientCertificateData !== undefined && { cert: clientCertificateData }),
        ...(clientKeyData !== undefined && { key: clientKeyData }),
        ...(token !== undefined && {
          headers: { ...options.headers, Authorization: `Bearer ${token}` },
        }),
      });
    },
  });
  config.makeApiClient = (Api) =>
    new Api(
      createConfiguration({
        baseServer: new ServerConfiguration(connection.server, {}),
        authMethods: { default: config },
        httpApi,
      }),
    );
  return config;
}

/**
 * The core API of a cluster; see {@link clusterClient}. Every other failure of a call is a ClusterFailure.
 *
 * @param choice which cluster
 */
export async function coreApi(choice: ClusterChoice): Promise<CoreV1Api> {
  const { CoreV1Api } = await import("@kubernetes/client-node");
  return api(choice, CoreV1Api);
}

/** The API of workloads; as {@link coreApi}. */
export async function appsApi(choice: ClusterChoice): Promise<AppsV1Api> {
  const { AppsV1Api } = await import("@kubernetes/client-node");
  return api(choice, AppsV1Api);
}

async function api<Api extends ApiType>(
  choice: ClusterChoice,
  type: new (config: Configuration) => Api,
): Promise<Api> {
  const client = await clusterClient(choice);
  const { server, context } = connectionTo(choice);
  const command = kubectl(commandTarget(choice), shell`cluster-info`);
  return withSentences(client.makeApiClient(type), { server, context }, command);
}

/** What a read answers, or undefined where there is no such object. */
export async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if ((error as Partial<ApiExceptionType<unknown>>).code === 404) {
      return undefined;
    }
    throw error;
  }
}

function clusterOf({ cluster, server, proxy }: Connection) {
  return {
    name: "cluster",
    server,
    caFile: cluster["certificate-authority"],
    caData: cluster["certificate-authority-data"],
    // The client refuses a server without TLS unless it is told so.
    skipTLSVerify: cluster["insecure-skip-tls-verify"] === true || /^http:/i.test(server),
    tlsServerName: cluster["tls-server-name"],
    proxyUrl: proxy === undefined ? undefined : withRemoteNames(proxy),
  };
}

function userOf({ user }: Connection) {
  const unsupported = [
    ...(user["as-groups"].length > 0 ? ["as-groups"] : []),
    ...(user["as-uid"] === undefined ? [] : ["as-uid"]),
    ...(Object.keys(user["as-user-extra"]).length > 0 ? ["as-user-extra"] : []),
  ];
  if (unsupported.length > 0) {
    throw new UserError(
      `The kubeconfig's user has ${unsupported.join(" and ")}, which the program's own calls cannot send. Name another context: kubectl config get-contexts`,
    );
  }
  return {
    name: "user",
    certFile: user["client-certificate"],
    certData: user["client-certificate-data"],
    keyFile: user["client-key"],
    keyData: user["client-key-data"],
    username: user.username,
    password: user.password,
    impersonateUser: user.as,
    // A file of a token is read anew as it is renewed, and comes before a token.
    ...(user.tokenFile === undefined
      ? { token: user.token, authProvider: user["auth-provider"] }
      : { authProvider: { name: "tokenFile", config: { tokenFile: user.tokenFile } } }),
  };
}

/** The answer to a request, unless it says that whoever asks may not. */
async function answerOf(
  library: HttpLibrary,
  request: RequestContext,
  connection: Connection,
  choice: ClusterChoice,
): Promise<ResponseContext> {
  const agent = request.getAgent() as Agent | undefined;
  if (agent !== undefined) {
    // For the connection to a proxy, which nothing else ends.
    agent.options.timeout = answerTimeout;
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, failed) => {
    timer = setTimeout(() => {
      failed(new Error(`no answer within ${answerTimeout / 1_000} s`));
    }, answerTimeout);
  });
  let response: ResponseContext;
  try {
    response = await Promise.race([library.send(request).toPromise(), late]);
  } catch (error) {
    // A connection that is still being made would keep the process alive.
    agent?.destroy();
    throw unanswered(connection, choice, error);
  } finally {
    clearTimeout(timer);
  }
  const { httpStatusCode: status } = response;
  if (status === 401 || status === 403) {
    throw refusal(connection, choice, status, await response.body.text());
  }
  return response;
}

function refusal(
  connection: Connection,
  choice: ClusterChoice,
  status: 401 | 403,
  body: string,
): ClusterRefusal {
  const { message } = (parseJson(body) ?? {}) as { readonly message?: unknown };
  const reason = typeof message === "string" ? ` (${printableLine(message)})` : "";
  const what =
    status === 401 ? "does not accept the kubeconfig's credential" : "does not allow that";
  const command = status === 401 ? shell`auth whoami` : shell`auth can-i --list`;
  return new ClusterRefusal(
    status,
    `The cluster at ${whereIs(connection)} ${what}: ${status}${reason}. Who asks: ${kubectl(commandTarget(choice), command)}`,
  );
}

function unanswered(
  connection: Connection,
  choice: ClusterChoice,
  error: unknown,
): ClusterUnreachable {
  return new ClusterUnreachable(
    `The cluster does not answer (${whereIs(connection)}: ${reasonOf(error)}). Is this the right one? ${kubectl(commandTarget(choice), shell`cluster-info`)}`,
  );
}

/** What a command is for that is to reach the same cluster. */
export function commandTarget({ context, kubeconfig }: ClusterChoice): CommandTarget {
  return {
    kubeContext: context,
    kubeconfig: kubeconfig !== undefined && isPath(kubeconfig) ? kubeconfig : undefined,
  };
}

function whereIs({ server, context, proxy }: Connection): string {
  return [
    server,
    ...(context === undefined ? ["the pod's own cluster"] : [`context ${context}`]),
    ...(proxy === undefined ? [] : [`through the proxy ${withoutUserinfo(proxy)}`]),
  ].join(", ");
}

/** What keeps a connection from being made, by Node's code for it. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (ECONNREFUSED)",
  ECONNRESET: "the connection was cut (ECONNRESET)",
  EAI_AGAIN: "its name cannot be looked up (EAI_AGAIN)",
  ENOTFOUND: "its name is not known (ENOTFOUND)",
  EHOSTUNREACH: "there is no way to it (EHOSTUNREACH)",
  ENETUNREACH: "there is no way to it (ENETUNREACH)",
  ETIMEDOUT: "no answer (ETIMEDOUT)",
};

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === "string" ? reasons[code] : undefined;
  if (known !== undefined) {
    return known;
  }
  const words = String(message)
    .replace(/^request to \S+ failed, reason: */, "")
    .replace(/^Bad response: /, "the proxy answers ")
    .trim();
  return typeof code === "string" && /CERT|SIGNATURE|SSL|TLS|EPROTO/.test(code)
    ? `its certificate cannot be checked, ${words.split("\n")[0] ?? ""} (${code})`
    : words;
}
