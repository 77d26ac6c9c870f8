import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectDirectory, sandboxSource } from "../paths.ts";
import { membershipVariable } from "../processes/parts.ts";
import type { PulumiTools } from "./pulumiTools.ts";

/** What {@link sandboxEnvironment} is made from. */
export interface EnvironmentOptions {
  /** The sandbox's folder. */
  readonly directory: string;
  readonly kubeconfig: string;
  readonly pulumi: PulumiTools;
}

/** Variables of the user's that would lead Pulumi, its plugins, Helm or kubectl to something other than the sandbox. */
const foreignVariables =
  /^(PULUMI_|HELM_|KUBE|GOOGLE_|GCLOUD_|CLOUDSDK_|GCE_|USER_PROJECT_OVERRIDE$|CLOUDFLARE_|CF_|TF_|(ALL|HTTPS?|NO)_PROXY$)/i;

/**
 * An address where nothing listens, so that calls to it are refused at once. Where packages are dropped instead, Google's
 * plugin waits for five minutes at each command: it asks Google who the operator is, whatever its endpoints are.
 */
const nowhere = "127.0.0.1:9";

const ownAddresses = "127.0.0.1,localhost,::1";

/**
 * What keeps a run on this machine: all calls but those to itself go to a proxy that is not there, and Google's libraries
 * find a metadata server that is not there. The proxy is named in upper case alone: gRPC for Node reads the lower case,
 * and needs none.
 */
const offline = {
  HTTP_PROXY: `http://${nowhere}`,
  HTTPS_PROXY: `http://${nowhere}`,
  NO_PROXY: ownAddresses,
  no_proxy: ownAddresses,
  GCE_METADATA_HOST: nowhere,
} as const;

/** Folder of Pulumi's state of the sandbox in `directory`, which holds `.pulumi`. */
export function pulumiStateDirectory(directory: string): string {
  return join(directory, "pulumi");
}

/** Pulumi's home folder (plugins, credentials) of the sandbox in `directory`. */
export function pulumiHome(directory: string): string {
  return join(directory, "pulumi-home");
}

/**
 * The environment in which the plain commands `pulumi`, `kubectl` and `helm` work on the sandbox and nothing
 * else, whatever the user's own configuration of them says. What a process of the sandbox's has was set by the sandbox,
 * or by a test for what it runs, and stays.
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
  // Node first: the language host and the post-renderer run on the project's, whatever the machine has.
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
    // It protects nothing: what the sandbox encrypts are examples.
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(pulumi.languageHost === undefined
      ? {}
      : { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}

/**
 * An environment with further variables. A proxy takes the place of the one that is there in the other case, too, of
 * which programs read the one or the other first.
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
