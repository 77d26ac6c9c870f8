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

/** Which cluster is meant, as the Kubernetes plugin is told it. */
export interface ClusterChoice {
  /** The kubeconfig's context. Default: its current one. */
  readonly context?: string | undefined;
  /**
   * A kubeconfig's path or content, in place of those that `KUBECONFIG` names. The content is a secret: no message shows
   * any of it.
   */
  readonly kubeconfig?: string | undefined;
  /** Name of the stack whose settings these are, for commands. Default: none, and kubectl's commands. */
  readonly stack?: string | undefined;
}

/** Where kubeconfigs are looked for. */
export interface Surroundings {
  /** Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The user's home folder. Default: as the system says. */
  readonly home?: string;
  /** Where a pod finds its service account. Default: as in every cluster. */
  readonly serviceAccount?: string;
}

/** How one cluster is reached, and as whom. Paths are absolute. Holds secrets. */
export interface Connection {
  /** Name of the context; undefined for the service account of a pod. */
  readonly context: string | undefined;
  /** The API server's address, without a slash at the end. It may have a password in it: messages have `address`. */
  readonly server: string;
  /** The same for messages, without a user's name and password. */
  readonly address: string;
  /** The proxy on the way there, as the kubeconfig or the environment names it. */
  readonly proxy: string | undefined;
  readonly cluster: z.output<typeof clusterSchema>;
  readonly user: z.output<typeof userSchema>;
}

/** A plugin that hands out credentials (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). */
export type ExecPlugin = z.output<typeof execSchema>;

const text = z.string().optional();
/** Bytes, as Go reads them: with what fills the last group, and line breaks anywhere. */
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

/** A list of named entries, each under the key of its kind, as a map. No message repeats a value. */
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
          context.addIssue(`${where} of the ${kind} ${name} is not right`);
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

/** The kubeconfig that is in force, from one file or several. */
interface Resolved {
  readonly kubeconfig: Kubeconfig;
  /** Which it is, for messages. */
  readonly place: string;
  /** The command that names another in its place. */
  readonly another: string;
}

const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds how a cluster is reached, as client-go does, and so kubectl, Helm and the Kubernetes plugin
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig): the files that `KUBECONFIG`
 * lists, merged in their order, of which the first that says something of a name, or of the current context, is heard;
 * without the variable `~/.kube/config`; where that leaves nothing, the service account of the pod that this runs in.
 * Files that are missing or empty are left out. Paths in a file are relative to it.
 *
 * What client-go refuses of a cluster or a user is refused here as well, such as a token beside a password or a certificate
 * that cannot be read: the Kubernetes plugin finds it last of all, when a credential has been made already.
 *
 * @param choice which cluster is meant
 * @param surroundings where to look
 * @throws ClusterUnreachable when a file is no kubeconfig, there is none, it lacks what is named, or client-go would refuse
 *   what it says of it
 */
export function connectionTo(choice: ClusterChoice, surroundings: Surroundings = {}): Connection {
  const { environment = process.env } = surroundings;
  const { kubeconfig, place, another } = resolved(choice, surroundings);
  const { clusters, contexts, users } = kubeconfig;
  if (contexts.size === 0 && clusters.size === 0) {
    const pod = choice.context === undefined ? podConnection(surroundings) : undefined;
    if (pod === undefined) {
      throw new ClusterUnreachable(
        `The kubeconfig cannot be read (${place}). Which one is used: ${whichCommand(choice)}`,
      );
    }
    return pod;
  }
  const name = choice.context ?? kubeconfig["current-context"];
  const context = contexts.get(name);
  if (context === undefined) {
    const contextNames = [...contexts.keys()].sort();
    const others =
      contextNames.length === 0 ? "; it has none at all" : `, but ${contextNames.join(", ")}`;
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
      `The kubeconfig (${place}) has no ${what} ${value ?? ""}, which its context ${name} names. What it has: kubectl config view`,
    );
  const cluster = clusters.get(context.cluster ?? "");
  if (cluster?.server === undefined) {
    throw missing(cluster === undefined ? "cluster" : "server for the cluster", context.cluster);
  }
  // `kubectl config set-context` writes an empty name where it is told none.
  const userName = context.user ?? "";
  const user = users.get(userName) ?? (userName === "" ? userSchema.parse({}) : undefined);
  if (user === undefined) {
    throw missing("user", context.user);
  }
  const conflict =
    told(clusterConflicts(cluster), `cluster ${context.cluster ?? ""}`) ??
    told(userConflicts(user), `user ${userName}`);
  if (conflict !== undefined) {
    throw unreadable(place, conflict, another);
  }
  const server = serverUrl(cluster);
  if (server === undefined) {
    // Not shown, since nobody can tell which part of it is a password.
    const what = `the server of its cluster ${context.cluster ?? ""} is no address`;
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

/** What client-go reads of a user for a server without TLS: nobody on the way is handed a credential. */
function unidentified(user: z.output<typeof userSchema>): z.output<typeof userSchema> {
  return {
    as: user.as,
    "as-uid": user["as-uid"],
    "as-groups": user["as-groups"],
    "as-user-extra": user["as-user-extra"],
  };
}

/** Something that client-go refuses, if it is so: before it asks a cluster, which the Kubernetes plugin does last of all. */
type Conflict = readonly [isSo: boolean, what: string];

function told(conflicts: readonly Conflict[], whose: string): string | undefined {
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

/** The same of `validateAuthInfo`, and plugin/pkg/client/auth/exec. */
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
          [!isGiven(user, "client-key"), "has a client-certificate and no client-key"],
        ] satisfies Conflict[])
      : []),
    [
      !isSaid(token) && isSaid(tokenFile) && !isReadableFile(tokenFile),
      `names the file ${tokenFile ?? ""} (tokenFile), which cannot be read`,
    ],
    [isSaid(token) && (isSaid(username) || isSaid(password)), "has both a token and a password"],
    [
      !isSaid(user.as) && others.some((field) => Object.keys(user[field] ?? "").length > 0),
      `acts with ${others.join(", ")} as nobody (as)`,
    ],
    [
      exec !== undefined && user["auth-provider"] !== undefined,
      "has both an exec plugin and an auth-provider",
    ],
    [
      exec !== undefined &&
        !isVersion1 &&
        exec.apiVersion !== "client.authentication.k8s.io/v1beta1",
      `has an exec plugin of a version (${exec?.apiVersion ?? ""}) that is not known: client.authentication.k8s.io/v1 is`,
    ],
    [
      exec !== undefined && !modes.includes(exec.interactiveMode),
      `has an exec plugin without an interactiveMode that is known (${modes.filter(Boolean).join(", ")})`,
    ],
  ];
}

/** What has a file by its path or its content. */
type WithFile<Name extends string> = Readonly<
  Partial<Record<Name | `${Name}-data`, string | undefined>>
>;

/** Of a file that can be in the kubeconfig itself: one of both, and a file that is there. */
function fileConflicts<Name extends string>(
  entry: WithFile<Name>,
  field: Name,
): readonly Conflict[] {
  const path = entry[field];
  const data = entry[`${field}-data`];
  return [
    [isSaid(path) && isSaid(data), `has both ${field} and ${field}-data`],
    [
      isSaid(path) && !isReadableFile(path),
      `names the file ${path ?? ""} (${field}), which cannot be read`,
    ],
  ];
}

function isGiven<Name extends string>(entry: WithFile<Name>, field: Name): boolean {
  return isSaid(entry[field]) || isSaid(entry[`${field}-data`]);
}

function isSaid(value: string | undefined): value is string {
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
 * Names of the contexts that there are, in their order in the kubeconfig; none where there is no kubeconfig.
 *
 * @throws ClusterUnreachable when a file is no kubeconfig
 */
export function contextNames(
  choice: Pick<ClusterChoice, "kubeconfig" | "stack">,
  surroundings: Surroundings = {},
): readonly string[] {
  return [...resolved(choice, surroundings).kubeconfig.contexts.keys()];
}

/** Whether a kubeconfig is given by its path, as the Kubernetes plugin tells: what is no file counts as the content. */
export function isPath(kubeconfig: string): boolean {
  return (
    existsSync(expanded(kubeconfig, homedir())) ||
    !(/[\n{]|: /.test(kubeconfig) || isEncoded(kubeconfig))
  );
}

/** Whether it is a kubeconfig in base64, as CI systems keep one: a content, which no message may show as if it were a path. */
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
    // The environment's do not count beside it.
    const another = shell`pulumi config set -s ${stack ?? placeholder("stack")} --secret kubernetes:kubeconfig < kubeconfig.yaml`;
    const content = isFile ? readKubeconfig(path, another) : kubeconfig;
    if (content === undefined) {
      return { kubeconfig: emptyKubeconfig(), place: `${path} does not exist`, another };
    }
    // The plugin reads the content alone, so that paths in it are relative to where it runs.
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

/** Undefined where there is no such file. */
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
    throw unreadable(place, "it is in base64, which base64 -d undoes", another);
  }
  const value = yamlIn(content, place, another);
  const { data, error } = fileSchema.safeParse(withoutNulls(value));
  if (data === undefined) {
    const [issue] = error.issues;
    const own = issue?.code === "custom" ? issue.message : undefined;
    throw unreadable(place, own ?? `it is no kubeconfig`, another);
  }
  return withAbsolutePaths(data, folder);
}

/** The first document of a text, as client-go reads it. What a parser says quotes the file, which holds secrets. */
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
    throw unreadable(place, "it is not YAML: an alias (*) in it is not right", another);
  }
}

function unreadable(place: string, why: string, another: string): ClusterUnreachable {
  return new ClusterUnreachable(
    `The kubeconfig cannot be read (${place}: ${why}). Mend it, or name another: ${another}`,
  );
}

function whichCommand({ kubeconfig, stack }: ClusterChoice): string {
  return kubeconfig === undefined
    ? "echo $KUBECONFIG"
    : shell`pulumi config get -s ${stack ?? placeholder("stack")} kubernetes:kubeconfig`;
}

/** A key without a value is as good as none. */
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
      // A command without a slash is looked for in PATH.
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
 * The address with its scheme, which client-go adds where it is missing: HTTP, whatever certificate is named. Undefined
 * where it is none.
 */
function serverUrl({ server = "" }: z.output<typeof clusterSchema>): string | undefined {
  const url = /^https?:\/\//i.test(server) ? server : `http://${server}`;
  return URL.canParse(url) ? url.replace(/\/+$/, "") : undefined;
}

/** An address for messages. All before the last @ goes: a password that was not escaped may have any sign in it. */
function withoutPassword(server: string): string {
  return server.replace(/\/\/.*@/, "//");
}

/** What client-go supports (k8s.io/client-go, tools/clientcmd/validation.go and net/http). */
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
      `The kubeconfig's proxy-url for ${withoutPassword(server)} is no address of a proxy (http, https or socks5). What it has: kubectl config view`,
    );
  }
  return own;
}

/** The service account of the pod that this runs in, if it runs in one. */
function podConnection({
  environment = process.env,
  serviceAccount = serviceAccountFolder,
}: Surroundings): Connection | undefined {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = environment;
  const tokenFile = join(serviceAccount, "token");
  const isThere = statSync(tokenFile, { throwIfNoEntry: false })?.isFile() === true;
  if (host === "" || port === "" || !isThere) {
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
