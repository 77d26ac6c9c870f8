import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectDirectory, sandboxSource } from "../paths.ts";
import { membershipVariable } from "../processes/parts.ts";
import type { PulumiTools } from "./pulumiTools.ts";

/** The inputs of {@link sandboxEnvironment}. */
export interface EnvironmentOptions {
  /** The sandbox's folder. */
  readonly directory: string;
  readonly kubeconfig: string;
  readonly pulumi: PulumiTools;
}

/** The user's variables that would point Pulumi, its plugins, Helm or kubectl outside the sandbox. */
const foreignVariables =
  /^(PULUMI_|HELM_|KUBE|GOOGLE_|GCLOUD_|CLOUDSDK_|GCE_|USER_PROJECT_OVERRIDE$|CLOUDFLARE_|CF_|TF_|(ALL|HTTPS?|NO)_PROXY$)/i;

/**
 * An address without a listener, so that connections to it are refused at once. If packages are dropped instead,
 * Google's plugin waits for five minutes at each command: it requests the operator's identity from Google
 * regardless of its endpoints.
 */
const nowhere = "127.0.0.1:9";

const ownAddresses = "127.0.0.1,localhost,::1";

/**
 * Keeps a run on this machine: all calls except those to this machine go to a proxy that does not exist, and
 * Google's libraries find no metadata server. The proxy variables are in upper case only: gRPC for Node reads the
 * lower case, and needs no proxy.
 */
const offline = {
  HTTP_PROXY: `http://${nowhere}`,
  HTTPS_PROXY: `http://${nowhere}`,
  NO_PROXY: ownAddresses,
  no_proxy: ownAddresses,
  GCE_METADATA_HOST: nowhere,
} as const;

/** Folder of the Pulumi state of the sandbox in `directory`, which contains `.pulumi`. */
export function pulumiStateDirectory(directory: string): string {
  return join(directory, "pulumi");
}

/** Pulumi's home folder (plugins, credentials) of the sandbox in `directory`. */
export function pulumiHome(directory: string): string {
  return join(directory, "pulumi-home");
}

/**
 * The environment in which the commands `pulumi`, `kubectl` and `helm` use only the sandbox, regardless of the
 * user's configuration. In a process of the sandbox, variables that the sandbox or a test has set are kept.
 */
export function sandboxEnvironment(
  { directory, kubeconfig, pulumi }: EnvironmentOptions,
  base: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const inherited =
    base[membershipVariable] === directory
      ? base
      : {
          ...Object.fromEntries(
            Object.entries(base).filter(([name]) => !foreignVariables.test(name)),
          ),
          ...offline,
        };
  // Node comes first: the language host and the post-renderer run on the project's Node.
  const path = [
    join(projectDirectory, "node_modules", ".bin"),
    ...(pulumi.languageHost === undefined
      ? []
      : [dirname(pulumi.languageHost), sandboxSource("pulumi/plugins")]),
    dirname(pulumi.cli),
    base.PATH ?? "",
  ];
  return {
    ...inherited,
    PATH: path.join(delimiter),
    [membershipVariable]: directory,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(directory, "kubectl-cache"),
    HELM_CACHE_HOME: join(directory, "helm", "cache"),
    HELM_CONFIG_HOME: join(directory, "helm", "config"),
    HELM_DATA_HOME: join(directory, "helm", "data"),
    PULUMI_BACKEND_URL: pathToFileURL(pulumiStateDirectory(directory)).href,
    PULUMI_HOME: pulumiHome(directory),
    // The passphrase protects nothing: the sandbox encrypts only example values.
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(pulumi.languageHost === undefined
      ? {}
      : { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}

/**
 * An environment with further variables. A proxy variable also replaces its variant in the other case, because some
 * programs read the one first and others the other.
 */
export function withVariables(
  environment: NodeJS.ProcessEnv,
  variables: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const proxies = Object.keys(variables)
    .filter((name) => /_proxy$/i.test(name))
    .map((name) => name.toUpperCase());
  const others = Object.entries(environment).filter(
    ([name]) => !proxies.includes(name.toUpperCase()),
  );
  return { ...Object.fromEntries(others), ...variables };
}
