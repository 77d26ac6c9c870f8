import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { LineCounter } from "yaml";
import { z } from "zod";
import { ClusterUnreachable } from "./clusterFailure.ts";
import { hasCode, messageOf } from "./errors.ts";
import { isReadable, proxyFor } from "./proxy.ts";
import { placeholder, shell } from "./shell.ts";
import { parseYaml } from "./yaml.ts";

/** The cluster to use, as the Kubernetes plugin is configured. */
export interface ClusterChoice {
  /** The kubeconfig's context. Default: the current context. */
  readonly context?: string | undefined;
  /**
   * A kubeconfig's path or content, instead of those in `KUBECONFIG`. The content is a secret: no message contains any of
   * it.
   */
  readonly kubeconfig?: string | undefined;
  /** Name of the stack with these settings, for commands. Default: none, and kubectl's commands. */
  readonly stack?: string | undefined;
}

/** The places of kubeconfigs. */
export interface Surroundings {
  /** Default: the environment of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The user's home folder. Default: from the system. */
  readonly home?: string;
  /** The folder of a pod's service account. Default: as in every cluster. */
  readonly serviceAccount?: string;
}

/** The connection to a cluster, and its user. Paths are absolute. Holds secrets. */
export interface Connection {
  /** Name of the context; undefined for the service account of a pod. */
  readonly context: string | undefined;
  /** The API server's address, without a slash at the end. It may contain a password: messages use `address`. */
  readonly server: string;
  /** The same for messages, without a user name and password. */
  readonly address: string;
  /** The proxy from the kubeconfig or the environment. */
  readonly proxy: string | undefined;
  readonly cluster: z.output<typeof clusterSchema>;
  readonly user: z.output<typeof userSchema>;
}

/** A credential plugin (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). */
export type ExecPlugin = z.output<typeof execSchema>;

const text = z.string().optional();
/** Base64 as Go reads it: with padding, and line breaks anywhere. */
const bytes = z
  .string()
  .refine((encoded) =>
    /^(?:[a-z\d+/]{4})*(?:[a-z\d+/]{2}==|[a-z\d+/]{3}=)?$/i.test(encoded.replace(/[\r\n]/g, "")),
  )
  .optional();
const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).default([]),
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  installHint: text,
  interactiveMode: text,
  provideClusterInfo: z.boolean().default(false),
});
const clusterSchema = z.object({
  server: text,
  "certificate-authority": text,
  "certificate-authority-data": bytes,
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": text,
  "proxy-url": text,
});
const userSchema = z.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  "client-certificate": text,
  "client-certificate-data": bytes,
  "client-key": text,
  "client-key-data": bytes,
  as: text,
  "as-uid": text,
  "as-groups": z.array(z.string()).default([]),
  "as-user-extra": z.record(z.string(), z.array(z.string())).default({}),
  exec: execSchema.optional(),
  "auth-provider": z.object({ name: z.string(), config: z.unknown() }).optional(),
});
const contextSchema = z.object({ cluster: text, user: text });

/** A list of named entries, each under the key of its kind, as a map. No message contains a value. */
function named<Entry extends z.ZodType>(kind: string, entry: Entry) {
  return z
    .array(z.looseObject({ name: z.string() }))
    .default([])
    .transform((entries, context): ReadonlyMap<string, z.output<Entry>> => {
      const found = new Map<string, z.output<Entry>>();
      for (const { name, ...rest } of entries) {
        const parsed = entry.safeParse(rest[kind] ?? {});
        if (found.has(name)) {
          context.addIssue(`it has two ${kind}s named ${name}`);
        } else if (parsed.success) {
          found.set(name, parsed.data);
        } else {
          const where = parsed.error.issues[0]?.path.join(".") ?? kind;
          context.addIssue(`${where} of the ${kind} ${name} is invalid`);
        }
      }
      return found;
    });
}

const fileSchema = z.object({
  kind: z.enum(["Config", ""]).optional(),
  "current-context": z.string().default(""),
  clusters: named("cluster", clusterSchema),
  contexts: named("context", contextSchema),
  users: named("user", userSchema),
});
type Kubeconfig = z.output<typeof fileSchema>;

/** The kubeconfig in use, from one file or several. */
interface Resolved {
  readonly kubeconfig: Kubeconfig;
  /** Its path or source, for messages. */
  readonly place: string;
  /** The command that selects another kubeconfig. */
  readonly another: string;
}

const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Resolves the connection to a cluster like client-go, and so like kubectl, Helm and the Kubernetes plugin
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig): the files in `KUBECONFIG`, merged
 * in their order, where the first file with an entry of a name, or with a current context, takes precedence; without the
 * variable `~/.kube/config`; without any entry, the service account of the pod that runs this process. Missing and empty
 * files are left out. Paths in a file are relative to the file.
 *
 * Rejects every cluster or user that client-go rejects, such as a token beside a password or an unreadable certificate: the
 * Kubernetes plugin detects this last, after a credential is created.
 *
 * @param choice the cluster to use
 * @param surroundings the places of kubeconfigs
 * @throws ClusterUnreachable when a file is not a kubeconfig, there is none, a named entry is missing, or client-go would
 *   reject an entry
 */
export function connectionTo(choice: ClusterChoice, surroundings: Surroundings = {}): Connection {
  const { environment = process.env } = surroundings;
  const { kubeconfig, place, another } = resolved(choice, surroundings);
  const { clusters, contexts, users } = kubeconfig;
  if (contexts.size === 0 && clusters.size === 0) {
    const pod = choice.context === undefined ? podConnection(surroundings) : undefined;
    if (pod === undefined) {
      throw new ClusterUnreachable(
        `The kubeconfig cannot be read (${place}). Name another: ${another}`,
      );
    }
    return pod;
  }
  const name = choice.context ?? kubeconfig["current-context"];
  const context = contexts.get(name);
  if (context === undefined) {
    const contextNames = [...contexts.keys()].sort();
    const others =
      contextNames.length === 0 ? "; it has none at all" : `; it has ${contextNames.join(", ")}`;
    const command =
      choice.stack === undefined
        ? "kubectl config use-context 'CONTEXT'"
        : shell`pulumi config set -s ${choice.stack} kubeContext 'CONTEXT'`;
    throw new ClusterUnreachable(
      name === ""
        ? `The kubeconfig (${place}) has no current context${others}. Name one: ${command}`
        : `The kubeconfig (${place}) has no context ${name}${others}. Name another: ${command}`,
    );
  }
  const missing = (what: string, value: string | undefined) =>
    new ClusterUnreachable(
      `The kubeconfig (${place}) has no ${what} ${value ?? ""}, which its context ${name} names. Its content: kubectl config view`,
    );
  const cluster = clusters.get(context.cluster ?? "");
  if (cluster?.server === undefined) {
    throw missing(cluster === undefined ? "cluster" : "server for the cluster", context.cluster);
  }
  // `kubectl config set-context` writes an empty name without `--user`.
  const userName = context.user ?? "";
  const user = users.get(userName) ?? (userName === "" ? userSchema.parse({}) : undefined);
  if (user === undefined) {
    throw missing("user", context.user);
  }
  const conflict =
    firstConflict(clusterConflicts(cluster), `cluster ${context.cluster ?? ""}`) ??
    firstConflict(userConflicts(user), `user ${userName}`);
  if (conflict !== undefined) {
    throw unreadable(place, conflict, another);
  }
  const server = serverUrl(cluster);
  if (server === undefined) {
    // Without the value, since any part of it may be a password.
    const what = `the server of its cluster ${context.cluster ?? ""} is not an address`;
    throw unreadable(place, what, another);
  }
  const proxy = proxyOf(cluster, server, environment);
  const isSecured = /^https:/i.test(server);
  return {
    context: name,
    server,
    address: withoutPassword(server),
    proxy,
    cluster,
    user: isSecured ? user : unidentified(user),
  };
}

/** The fields of a user that client-go reads for a server without TLS: it never sends a credential in plain text. */
function unidentified(user: z.output<typeof userSchema>): z.output<typeof userSchema> {
  return {
    as: user.as,
    "as-uid": user["as-uid"],
    "as-groups": user["as-groups"],
    "as-user-extra": user["as-user-extra"],
  };
}

/** A condition that client-go rejects before any request to the cluster, which the Kubernetes plugin sends last. */
type Conflict = readonly [isSo: boolean, what: string];

function firstConflict(conflicts: readonly Conflict[], whose: string): string | undefined {
  const [, what] = conflicts.find(([isSo]) => isSo) ?? [];
  return what === undefined ? undefined : `its ${whose} ${what}`;
}

/** k8s.io/client-go, tools/clientcmd/validation.go, `validateClusterInfo`, and transport/transport.go. */
function clusterConflicts(cluster: z.output<typeof clusterSchema>): readonly Conflict[] {
  const field = "certificate-authority";
  return [
    ...fileConflicts(cluster, field),
    [
      cluster["insecure-skip-tls-verify"] === true && isGiven(cluster, field),
      `has both ${field} and insecure-skip-tls-verify`,
    ],
  ];
}

/** The same from `validateAuthInfo`, and plugin/pkg/client/auth/exec. */
function userConflicts(user: z.output<typeof userSchema>): readonly Conflict[] {
  const { token, tokenFile, username, password, exec } = user;
  const isVersion1 = exec?.apiVersion === "client.authentication.k8s.io/v1";
  const modes = [...(isVersion1 ? [] : [undefined]), "Never", "IfAvailable", "Always"];
  const others = ["as-uid", "as-groups", "as-user-extra"] as const;
  return [
    ...(isGiven(user, "client-certificate")
      ? ([
          ...fileConflicts(user, "client-certificate"),
          ...fileConflicts(user, "client-key"),
          [!isGiven(user, "client-key"), "has a client-certificate without a client-key"],
        ] satisfies Conflict[])
      : []),
    [
      !isSet(token) && isSet(tokenFile) && !isReadableFile(tokenFile),
      `names the file ${tokenFile ?? ""} (tokenFile), which cannot be read`,
    ],
    [isSet(token) && (isSet(username) || isSet(password)), "has both a token and a password"],
    [
      !isSet(user.as) && others.some((field) => Object.keys(user[field] ?? "").length > 0),
      `has one of ${others.join(", ")} without as`,
    ],
    [
      exec !== undefined && user["auth-provider"] !== undefined,
      "has both an exec plugin and an auth-provider",
    ],
    [
      exec !== undefined &&
        !isVersion1 &&
        exec.apiVersion !== "client.authentication.k8s.io/v1beta1",
      `has an exec plugin of an unknown version (${exec?.apiVersion ?? ""}), instead of client.authentication.k8s.io/v1`,
    ],
    [
      exec !== undefined && !modes.includes(exec.interactiveMode),
      `has an exec plugin without a valid interactiveMode (${modes.filter(Boolean).join(", ")})`,
    ],
  ];
}

/** An entry with a file, by path or content. */
type WithFile<Name extends string> = Readonly<
  Partial<Record<Name | `${Name}-data`, string | undefined>>
>;

/** A file can be given by path or by content, not both, and must be readable. */
function fileConflicts<Name extends string>(
  entry: WithFile<Name>,
  field: Name,
): readonly Conflict[] {
  const path = entry[field];
  const data = entry[`${field}-data`];
  return [
    [isSet(path) && isSet(data), `has both ${field} and ${field}-data`],
    [
      isSet(path) && !isReadableFile(path),
      `names the file ${path ?? ""} (${field}), which cannot be read`,
    ],
  ];
}

function isGiven<Name extends string>(entry: WithFile<Name>, field: Name): boolean {
  return isSet(entry[field]) || isSet(entry[`${field}-data`]);
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Names of the contexts, in their order in the kubeconfig; none without a kubeconfig.
 *
 * @throws ClusterUnreachable when a file is not a kubeconfig
 */
export function contextNames(
  choice: Pick<ClusterChoice, "kubeconfig" | "stack">,
  surroundings: Surroundings = {},
): readonly string[] {
  return [...resolved(choice, surroundings).kubeconfig.contexts.keys()];
}

/** Whether a kubeconfig is given by its path, like the Kubernetes plugin: a text that is not a file is the content. */
export function isPath(kubeconfig: string): boolean {
  return (
    existsSync(expanded(kubeconfig, homedir())) ||
    !(/[\n{]|: /.test(kubeconfig) || isEncoded(kubeconfig))
  );
}

/** Whether the text is a kubeconfig in base64, as in CI systems: a content, which messages must not print like a path. */
function isEncoded(text: string): boolean {
  return (
    /^[\w+/=\s-]{40,}$/.test(text) &&
    /\b(?:clusters|current-context)\b/.test(Buffer.from(text, "base64").toString("latin1"))
  );
}

function resolved(
  { kubeconfig, stack }: Pick<ClusterChoice, "kubeconfig" | "stack">,
  { environment = process.env, home = homedir() }: Surroundings,
): Resolved {
  if (kubeconfig !== undefined && kubeconfig !== "") {
    const path = resolve(expanded(kubeconfig, home));
    const isFile = isPath(kubeconfig);
    const place = isFile ? path : "the one in the stack's configuration";
    // It replaces the kubeconfigs of the environment.
    const another = shell`pulumi config set -s ${stack ?? placeholder("stack")} --secret kubernetes:kubeconfig < kubeconfig.yaml`;
    const content = isFile ? readKubeconfig(path, another) : kubeconfig;
    if (content === undefined) {
      return { kubeconfig: emptyKubeconfig(), place: `${path} does not exist`, another };
    }
    // The plugin reads only the content, so paths in it are relative to the plugin's working directory.
    const parsed = parseKubeconfig(content, place, process.cwd(), another);
    return { kubeconfig: parsed, place: isEmpty(parsed) ? `${place} is empty` : place, another };
  }
  const another = "export KUBECONFIG='FILE'";
  const listed = environment.KUBECONFIG ?? "";
  const paths =
    listed === "" ? [join(home, ".kube", "config")] : [...new Set(listed.split(delimiter))];
  const files = paths
    .filter((path) => path !== "")
    .map((path) => {
      const content = readKubeconfig(path, another);
      const folder = dirname(resolve(path));
      return {
        path,
        parsed: content === undefined ? undefined : parseKubeconfig(content, path, folder, another),
      };
    });
  const found = files.flatMap(({ parsed }) => parsed ?? []);
  const merged = found.reduce(merge, emptyKubeconfig());
  if (isEmpty(merged)) {
    const why = files.map(
      ({ path, parsed }) => `${path} ${parsed === undefined ? "does not exist" : "is empty"}`,
    );
    return { kubeconfig: merged, place: why.join(", ") || "KUBECONFIG names no file", another };
  }
  const present = files.filter(({ parsed }) => parsed !== undefined).map(({ path }) => path);
  return { kubeconfig: merged, place: present.join(", "), another };
}

function expanded(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}

/** Undefined where the file does not exist. */
function readKubeconfig(path: string, another: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return undefined;
    }
    throw unreadable(path, messageOf(error).replace(/^\w+: ([^,]*),.*$/, "$1"), another);
  }
}

function parseKubeconfig(
  content: string,
  place: string,
  folder: string,
  another: string,
): Kubeconfig {
  if (isEncoded(content)) {
    throw unreadable(place, "it is base64-encoded; decode it with base64 -d", another);
  }
  const value = yamlIn(content, place, another);
  const { data, error } = fileSchema.safeParse(withoutNulls(value));
  if (data === undefined) {
    const [issue] = error.issues;
    const own = issue?.code === "custom" ? issue.message : undefined;
    throw unreadable(place, own ?? `it is not a kubeconfig`, another);
  }
  return withAbsolutePaths(data, folder);
}

/** The first document of a text, as in client-go. The parser's messages quote the file, which contains secrets. */
function yamlIn(content: string, place: string, another: string): unknown {
  const lines = new LineCounter();
  const [document] = parseYaml(content, lines);
  const [error] = document?.errors ?? [];
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw unreadable(place, `it is not YAML (line ${line})`, another);
  }
  try {
    return document?.toJS() ?? {};
  } catch {
    throw unreadable(place, "it is not YAML: an alias (*) in it is invalid", another);
  }
}

function unreadable(place: string, why: string, another: string): ClusterUnreachable {
  return new ClusterUnreachable(
    `The kubeconfig cannot be read (${place}: ${why}). Fix it, or name another: ${another}`,
  );
}

/** A key without a value is treated as missing. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((inner) => inner !== null).map(withoutNulls);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => inner !== null)
          .map(([key, inner]) => [key, withoutNulls(inner)]),
      )
    : value;
}

function withAbsolutePaths(kubeconfig: Kubeconfig, folder: string): Kubeconfig {
  const at = (path: string | undefined) =>
    path === undefined || path === "" ? undefined : resolve(folder, path);
  const map = <T>(entries: ReadonlyMap<string, T>, change: (entry: T) => T) =>
    new Map([...entries].map(([name, entry]) => [name, change(entry)]));
  return {
    ...kubeconfig,
    clusters: map(kubeconfig.clusters, (cluster) => ({
      ...cluster,
      "certificate-authority": at(cluster["certificate-authority"]),
    })),
    users: map(kubeconfig.users, (user) => ({
      ...user,
      "client-certificate": at(user["client-certificate"]),
      "client-key": at(user["client-key"]),
      tokenFile: at(user.tokenFile),
      // A command without a slash is searched in PATH.
      exec: user.exec && {
        ...user.exec,
        command: user.exec.command.includes("/")
          ? resolve(folder, user.exec.command)
          : user.exec.command,
      },
    })),
  };
}

function merge(first: Kubeconfig, next: Kubeconfig): Kubeconfig {
  return {
    "current-context": first["current-context"] || next["current-context"],
    clusters: new Map([...next.clusters, ...first.clusters]),
    contexts: new Map([...next.contexts, ...first.contexts]),
    users: new Map([...next.users, ...first.users]),
  };
}

function emptyKubeconfig(): Kubeconfig {
  return { "current-context": "", clusters: new Map(), contexts: new Map(), users: new Map() };
}

function isEmpty({ clusters, contexts }: Kubeconfig): boolean {
  return clusters.size === 0 && contexts.size === 0;
}

/**
 * The address with its scheme; client-go adds HTTP to an address without one, also beside a certificate. Undefined where the
 * text is not an address.
 */
function serverUrl({ server = "" }: z.output<typeof clusterSchema>): string | undefined {
  const url = /^https?:\/\//i.test(server) ? server : `http://${server}`;
  return URL.canParse(url) ? url.replace(/\/+$/, "") : undefined;
}

/** An address for messages, without everything before the last @: an unescaped password may contain any character. */
function withoutPassword(server: string): string {
  return server.replace(/\/\/.*@/, "//");
}

/** The schemes that client-go supports (k8s.io/client-go, tools/clientcmd/validation.go and net/http). */
const proxySchemes = ["http:", "https:", "socks5:"];

function proxyOf(
  cluster: z.output<typeof clusterSchema>,
  server: string,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const own = cluster["proxy-url"];
  if (own === undefined || own === "") {
    return proxyFor(server, environment);
  }
  if (!proxySchemes.includes(URL.parse(own)?.protocol ?? "") || !isReadable(own)) {
    throw new ClusterUnreachable(
      `The kubeconfig's proxy-url for ${withoutPassword(server)} is not the address of a proxy (http, https or socks5). Its content: kubectl config view`,
    );
  }
  return own;
}

/** The service account of the pod that runs this process, if any. */
function podConnection({
  environment = process.env,
  serviceAccount = serviceAccountFolder,
}: Surroundings): Connection | undefined {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = environment;
  const tokenFile = join(serviceAccount, "token");
  const isPresent = statSync(tokenFile, { throwIfNoEntry: false })?.isFile() === true;
  if (host === "" || port === "" || !isPresent) {
    return undefined;
  }
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    context: undefined,
    server,
    address: server,
    proxy: proxyFor(server, environment),
    cluster: clusterSchema.parse({
      server,
      "certificate-authority": join(serviceAccount, "ca.crt"),
    }),
    user: userSchema.parse({ tokenFile }),
  };
}
