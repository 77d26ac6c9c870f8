import type { Agent, RequestOptions } from "node:https";
import type {
  ApiException as ApiExceptionType,
  ApisApi,
  ApiType,
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  Configuration,
  CoreV1Api,
  CustomObjectsApi,
  HttpLibrary,
  KubeConfig,
  RequestContext,
  ResponseContext,
} from "@kubernetes/client-node";
import { kubectl, type CommandTarget } from "./clusterCommand.ts";
import { ClusterFailure, ClusterUnreachable, withSentences } from "./clusterFailure.ts";
import { clockHint } from "./clock.ts";
import { logTimeout, requestTimeout, withDeadline } from "./deadline.ts";
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

/** How long the API server may take, in milliseconds. */
export interface ClusterTimeouts {
  /** Until its response begins. Default: 10 s. */
  readonly begin?: number;
  /** For the whole response. Default: 30 s. */
  readonly request?: number;
  /** For a whole log. Default: 60 s. */
  readonly log?: number;
  /** For a kubeconfig's credential plugin. Default: 30 s. */
  readonly plugin?: number;
}

/** The path of a pod's log (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1). */
const logPath = /\/pods\/[^/]+\/log$/;

/** The cluster rejects a request with 401 or 403. The message has the request, the cluster and the identity. */
export class ClusterRefusal extends ClusterFailure {}

/**
 * The client of a cluster, which creates the APIs of its groups; one per process, so that a credential plugin runs once.
 *
 * Calls throw a {@link ClusterRefusal} where the cluster responds with 401 or 403, and a ClusterUnreachable where it does
 * not respond.
 *
 * @param choice the cluster
 * @param timeouts how long requests may take
 * @throws UserError see {@link connectionTo}
 */
export function clusterClient(
  choice: ClusterChoice,
  timeouts: ClusterTimeouts = {},
): Promise<KubeConfig> {
  const connection = connectionTo(choice);
  const { context, kubeconfig, stack } = choice;
  // With the connection: a kubeconfig may change while a process watches a cluster.
  const key = JSON.stringify([context, kubeconfig, stack, connection, timeouts]);
  const known = clients.get(key) ?? newClient(choice, connection, timeouts);
  clients.set(key, known);
  return known;
}

const clients = new Map<string, Promise<KubeConfig>>();

/** The credential of a plugin, which runs again when the credential has expired or is rejected, as in client-go. */
class PluginCredentials {
  readonly #plugin: ExecPlugin;
  readonly #connection: Connection;
  readonly #timeout: number | undefined;
  #requested: Promise<ExecCredential> | undefined;

  constructor(plugin: ExecPlugin, connection: Connection, timeout: number | undefined) {
    this.#plugin = plugin;
    this.#connection = connection;
    this.#timeout = timeout;
  }

  async current(): Promise<ExecCredential> {
    const before = this.#requested;
    const known = await before?.catch(() => undefined);
    if (known !== undefined && isFresh(known, Date.now())) {
      return known;
    }
    // Of several calls at the same time, the first one runs the plugin.
    if (this.#requested === undefined || this.#requested === before) {
      this.#requested = execCredential(this.#plugin, this.#connection, this.#timeout);
    }
    return this.#requested;
  }

  /** Makes the next call run the plugin again. */
  forget(): void {
    this.#requested = undefined;
  }
}

async function newClient(
  choice: ClusterChoice,
  connection: Connection,
  timeouts: ClusterTimeouts,
): Promise<KubeConfig> {
  // Loaded here, since a preview runs no hooks and does not need it.
  const { KubeConfig, ResponseContext, ServerConfiguration, createConfiguration, wrapHttpLibrary } =
    await import("./kubernetesClient.ts");
  const { exec } = connection.user;
  const credentials =
    exec === undefined ? undefined : new PluginCredentials(exec, connection, timeouts.plugin);
  const library = createConfiguration().httpApi;
  const impersonation = impersonationHeaders(connection);
  const httpApi = wrapHttpLibrary({
    send: async (request) => {
      try {
        const { status, headers, body } = await responseTo(
          library,
          withHeaders(request, impersonation),
          timeouts,
          connection,
          choice,
        );
        return new ResponseContext(status, headers, {
          text: () => Promise.resolve(body),
          binary: () => Promise.resolve(Buffer.from(body)),
        });
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
 * @param choice the cluster
 * @param timeouts how long requests may take
 */
export async function coreApi(
  choice: ClusterChoice,
  timeouts?: ClusterTimeouts,
): Promise<CoreV1Api> {
  const { CoreV1Api } = await import("./kubernetesClient.ts");
  return api(choice, CoreV1Api, timeouts);
}

/** The API of workloads; see {@link coreApi}. */
export async function appsApi(
  choice: ClusterChoice,
  timeouts?: ClusterTimeouts,
): Promise<AppsV1Api> {
  const { AppsV1Api } = await import("./kubernetesClient.ts");
  return api(choice, AppsV1Api, timeouts);
}

/** The API for the permissions of the current identity; see {@link coreApi}. */
export async function authorizationApi(choice: ClusterChoice): Promise<AuthorizationV1Api> {
  const { AuthorizationV1Api } = await import("./kubernetesClient.ts");
  return api(choice, AuthorizationV1Api);
}

/** The API for the name of the current identity; see {@link coreApi}. */
export async function authenticationApi(choice: ClusterChoice): Promise<AuthenticationV1Api> {
  const { AuthenticationV1Api } = await import("./kubernetesClient.ts");
  return api(choice, AuthenticationV1Api);
}

/** The API of custom resources, and of their definitions; see {@link coreApi}. */
export async function customObjectsApi(choice: ClusterChoice): Promise<CustomObjectsApi> {
  const { CustomObjectsApi } = await import("./kubernetesClient.ts");
  return api(choice, CustomObjectsApi);
}

/** The API that lists the API groups; see {@link coreApi}. */
export async function apisApi(choice: ClusterChoice): Promise<ApisApi> {
  const { ApisApi } = await import("./kubernetesClient.ts");
  return api(choice, ApisApi);
}

async function api<Api extends ApiType>(
  choice: ClusterChoice,
  type: new (config: Configuration) => Api,
  timeouts?: ClusterTimeouts,
): Promise<Api> {
  const client = await clusterClient(choice, timeouts);
  const { address, context } = connectionTo(choice);
  const command = kubectl(commandTarget(choice), shell`cluster-info`);
  return withSentences(client.makeApiClient(type), { server: address, context }, command);
}

/**
 * Options of a list request for only the metadata of objects: the Secrets of Helm's records have up to a megabyte each
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches).
 */
export async function metadataOnly() {
  const { setHeaderOptions } = await import("./kubernetesClient.ts");
  return setHeaderOptions(
    "Accept",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
  );
}

/** The result of a read, or undefined where the object does not exist. */
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
    // The client rejects a server without TLS unless this is set.
    skipTLSVerify: cluster["insecure-skip-tls-verify"] === true || /^http:/i.test(server),
    tlsServerName: cluster["tls-server-name"],
    proxyUrl: proxy === undefined ? undefined : withRemoteNames(proxy),
  };
}

function userOf({ user }: Connection) {
  return {
    name: "user",
    certFile: user["client-certificate"],
    certData: user["client-certificate-data"],
    keyFile: user["client-key"],
    keyData: user["client-key-data"],
    username: user.username,
    password: user.password,
    // A token file is read again when it is renewed, and takes precedence over a token.
    ...(user.tokenFile === undefined
      ? { token: user.token, authProvider: user["auth-provider"] }
      : { authProvider: { name: "tokenFile", config: { tokenFile: user.tokenFile } } }),
  };
}

/**
 * The headers for impersonation, as client-go sends them (k8s.io/client-go, transport/round_trippers.go). The client itself
 * sends only a user's name.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
function impersonationHeaders({ user }: Connection): readonly Header[] {
  const one = (name: string, value: string | undefined): readonly Header[] =>
    value === undefined || value === "" ? [] : [[name, value]];
  return [
    ...one("Impersonate-User", user.as),
    ...one("Impersonate-Uid", user["as-uid"]),
    ...user["as-groups"].flatMap((group) => one("Impersonate-Group", group)),
    ...Object.entries(user["as-user-extra"]).flatMap(([key, values]) =>
      values.map((value): Header => [`Impersonate-Extra-${headerName(key)}`, value]),
    ),
  ];
}

/** A header's name and value. */
type Header = readonly [name: string, value: string];

/** A key in a valid form for a header's name. */
function headerName(key: string): string {
  return encodeURIComponent(key).replace(/[()]/g, (char) => (char === "(" ? "%28" : "%29"));
}

/** A request with further headers, which may repeat a name. */
function withHeaders(request: RequestContext, more: readonly Header[]): RequestContext {
  if (more.length === 0) {
    return request;
  }
  // The HTTP client (node-fetch) also accepts pairs, which the types omit; an object could not repeat a header.
  const getHeaders = () => [...Object.entries(request.getHeaders()), ...more];
  return Object.assign(Object.create(request) as RequestContext, { getHeaders });
}

/** A complete response. */
interface CompleteResponse {
  readonly status: number;
  readonly headers: ResponseContext["headers"];
  readonly body: string;
}

/** The response to a request. @throws ClusterRefusal for 401 and 403 */
async function responseTo(
  library: HttpLibrary,
  request: RequestContext,
  { begin = 10_000, request: whole = requestTimeout, log = logTimeout }: ClusterTimeouts,
  connection: Connection,
  choice: ClusterChoice,
): Promise<CompleteResponse> {
  const agent = request.getAgent() as Agent | undefined;
  if (agent !== undefined) {
    // For the connection to a proxy, which has no other timeout.
    agent.options.timeout = begin;
  }
  const isLog = logPath.test(new URL(request.getUrl()).pathname);
  let complete: CompleteResponse;
  try {
    complete = await withDeadline(isLog ? log : whole, async () => {
      const response = await withDeadline(begin, () => library.send(request).toPromise());
      const { httpStatusCode: status, headers } = response;
      return { status, headers, body: await response.body.text() };
    });
  } catch (error) {
    // A connection that is not established yet, or without data, would keep the process alive.
    agent?.destroy();
    throw unanswered(connection, choice, error);
  }
  const { status } = complete;
  if (status === 401 || status === 403) {
    throw refusal(connection, choice, status, complete.body);
  }
  return complete;
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
    status === 401 ? "does not accept the kubeconfig's credential" : "denies the request";
  const shown = status === 401 ? "identity" : "permissions";
  const command = status === 401 ? shell`auth whoami` : shell`auth can-i --list`;
  return new ClusterRefusal(
    status,
    `The cluster at ${whereIs(connection)} ${what}: ${status}${reason}. The ${shown}: ${kubectl(commandTarget(choice), command)}`,
  );
}

function unanswered(
  connection: Connection,
  choice: ClusterChoice,
  error: unknown,
): ClusterUnreachable {
  return new ClusterUnreachable(
    `The cluster does not respond (${whereIs(connection)}: ${reasonOf(error)}). To check that it is the right cluster: ${kubectl(commandTarget(choice), shell`cluster-info`)}`,
  );
}

/** The target of a command for the same cluster. */
export function commandTarget({ context, kubeconfig }: ClusterChoice): CommandTarget {
  return {
    kubeContext: context,
    kubeconfig: kubeconfig !== undefined && isPath(kubeconfig) ? kubeconfig : undefined,
  };
}

function whereIs({ address, context, proxy }: Connection): string {
  return [
    address,
    ...(context === undefined ? ["the pod's own cluster"] : [`context ${context}`]),
    ...(proxy === undefined ? [] : [`through the proxy ${withoutUserinfo(proxy)}`]),
  ].join(", ");
}

/** The reasons for a failed connection, by Node's error code. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (ECONNREFUSED)",
  ECONNRESET: "the connection was reset (ECONNRESET)",
  EAI_AGAIN: "its name cannot be resolved (EAI_AGAIN)",
  ENOTFOUND: "its name does not exist (ENOTFOUND)",
  EHOSTUNREACH: "there is no route to it (EHOSTUNREACH)",
  ENETUNREACH: "there is no route to it (ENETUNREACH)",
  ETIMEDOUT: "no answer (ETIMEDOUT)",
};

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === "string" ? (reasons[code] ?? clockHint(code)) : undefined;
  if (known !== undefined) {
    return known;
  }
  const text = String(message)
    .replace(/^request to \S+ failed, reason: */, "")
    .replace(/^Bad response: /, "the proxy responds ")
    .trim();
  return typeof code === "string" && /CERT|SIGNATURE|SSL|TLS|EPROTO/.test(code)
    ? `its certificate cannot be verified, ${text.split("\n")[0] ?? ""} (${code})`
    : text;
}
