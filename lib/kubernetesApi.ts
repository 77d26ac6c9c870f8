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
  /** To begin its answer. Default: 10 s. */
  readonly begin?: number;
  /** For all of the answer. Default: 30 s. */
  readonly request?: number;
  /** For all of a log. Default: 60 s. */
  readonly log?: number;
  /** For a kubeconfig's credential plugin. Default: 30 s. */
  readonly plugin?: number;
}

/** The path of a pod's log (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1). */
const logPath = /\/pods\/[^/]+\/log$/;

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
 * @param timeouts how long it may take
 * @throws UserError as {@link connectionTo}
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

/** What a credential plugin hands out, which is asked again when that has ended, or is refused, as by client-go. */
class PluginCredentials {
  readonly #plugin: ExecPlugin;
  readonly #connection: Connection;
  readonly #timeout: number | undefined;
  #asked: Promise<ExecCredential> | undefined;

  constructor(plugin: ExecPlugin, connection: Connection, timeout: number | undefined) {
    this.#plugin = plugin;
    this.#connection = connection;
    this.#timeout = timeout;
  }

  async current(): Promise<ExecCredential> {
    const before = this.#asked;
    const known = await before?.catch(() => undefined);
    if (known !== undefined && isFresh(known, Date.now())) {
      return known;
    }
    // Of several calls at once the first asks.
    if (this.#asked === undefined || this.#asked === before) {
      this.#asked = execCredential(this.#plugin, this.#connection, this.#timeout);
    }
    return this.#asked;
  }

  /** Has the plugin asked again by the next call. */
  forget(): void {
    this.#asked = undefined;
  }
}

async function newClient(
  choice: ClusterChoice,
  connection: Connection,
  timeouts: ClusterTimeouts,
): Promise<KubeConfig> {
  // Loaded here, since a preview runs no hooks and would only wait for it.
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
        const { status, headers, body } = await answerOf(
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
 * @param choice which cluster
 * @param timeouts how long it may take
 */
export async function coreApi(
  choice: ClusterChoice,
  timeouts?: ClusterTimeouts,
): Promise<CoreV1Api> {
  const { CoreV1Api } = await import("./kubernetesClient.ts");
  return api(choice, CoreV1Api, timeouts);
}

/** The API of workloads; as {@link coreApi}. */
export async function appsApi(
  choice: ClusterChoice,
  timeouts?: ClusterTimeouts,
): Promise<AppsV1Api> {
  const { AppsV1Api } = await import("./kubernetesClient.ts");
  return api(choice, AppsV1Api, timeouts);
}

/** The API that says what whoever asks may do; as {@link coreApi}. */
export async function authorizationApi(choice: ClusterChoice): Promise<AuthorizationV1Api> {
  const { AuthorizationV1Api } = await import("./kubernetesClient.ts");
  return api(choice, AuthorizationV1Api);
}

/** The API that says who asks; as {@link coreApi}. */
export async function authenticationApi(choice: ClusterChoice): Promise<AuthenticationV1Api> {
  const { AuthenticationV1Api } = await import("./kubernetesClient.ts");
  return api(choice, AuthenticationV1Api);
}

/** The API of types that others have brought into the cluster, and of which types there are; as {@link coreApi}. */
export async function customObjectsApi(choice: ClusterChoice): Promise<CustomObjectsApi> {
  const { CustomObjectsApi } = await import("@kubernetes/client-node");
  return api(choice, CustomObjectsApi);
}

/** The API that lists the groups of types; as {@link coreApi}. */
export async function apisApi(choice: ClusterChoice): Promise<ApisApi> {
  const { ApisApi } = await import("@kubernetes/client-node");
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
 * Options of a list, with which the cluster sends the objects' metadata alone: the Secrets of Helm's records hold up to a
 * megabyte each (https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches).
 */
export async function metadataOnly() {
  const { setHeaderOptions } = await import("./kubernetesClient.ts");
  return setHeaderOptions(
    "Accept",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
  );
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
  return {
    name: "user",
    certFile: user["client-certificate"],
    certData: user["client-certificate-data"],
    keyFile: user["client-key"],
    keyData: user["client-key-data"],
    username: user.username,
    password: user.password,
    // A file of a token is read anew as it is renewed, and comes before a token.
    ...(user.tokenFile === undefined
      ? { token: user.token, authProvider: user["auth-provider"] }
      : { authProvider: { name: "tokenFile", config: { tokenFile: user.tokenFile } } }),
  };
}

/**
 * Whom a call is to count as, where that is not who makes it, as client-go sends it (k8s.io/client-go,
 * transport/round_trippers.go). The client itself sends a user's name alone.
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

/** A key as a header's name may have it. */
function headerName(key: string): string {
  return encodeURIComponent(key).replace(/[()]/g, (char) => (char === "(" ? "%28" : "%29"));
}

/** A request with further headers, of which there may be several of one name. */
function withHeaders(request: RequestContext, more: readonly Header[]): RequestContext {
  if (more.length === 0) {
    return request;
  }
  // What sends it (node-fetch) takes pairs, too, which the types leave out; of an object's entry it would make one header.
  const getHeaders = () => [...Object.entries(request.getHeaders()), ...more];
  return Object.assign(Object.create(request) as RequestContext, { getHeaders });
}

/** An answer that has come to its end. */
interface Answer {
  readonly status: number;
  readonly headers: ResponseContext["headers"];
  readonly body: string;
}

/** The answer to a request, unless it says that whoever asks may not. */
async function answerOf(
  library: HttpLibrary,
  request: RequestContext,
  { begin = 10_000, request: whole = requestTimeout, log = logTimeout }: ClusterTimeouts,
  connection: Connection,
  choice: ClusterChoice,
): Promise<Answer> {
  const agent = request.getAgent() as Agent | undefined;
  if (agent !== undefined) {
    // For the connection to a proxy, which nothing else ends.
    agent.options.timeout = begin;
  }
  const isLog = logPath.test(new URL(request.getUrl()).pathname);
  let answer: Answer;
  try {
    answer = await withDeadline(isLog ? log : whole, async () => {
      const response = await withDeadline(begin, () => library.send(request).toPromise());
      const { httpStatusCode: status, headers } = response;
      return { status, headers, body: await response.body.text() };
    });
  } catch (error) {
    // A connection that is still being made, or is silent, would keep the process alive.
    agent?.destroy();
    throw unanswered(connection, choice, error);
  }
  const { status } = answer;
  if (status === 401 || status === 403) {
    throw refusal(connection, choice, status, answer.body);
  }
  return answer;
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

function whereIs({ address, context, proxy }: Connection): string {
  return [
    address,
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
  const known = typeof code === "string" ? (reasons[code] ?? clockHint(code)) : undefined;
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
