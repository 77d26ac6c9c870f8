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
  /^(PULUMI_|HELM_|KUBE|GOOGLE_|GCLOUD_|CLOUDSDK_|GCE_METADATA_|USER_PROJECT_OVERRIDE$|CLOUDFLARE_)/;

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
 * else, whatever the user's own configuration of them says.
 */
export function sandboxEnvironment(
  { directory, kubeconfig, pulumi }: EnvironmentOptions,
  base: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const inherited = Object.entries(base).filter(([name]) => !foreignVariables.test(name));
  // Node first: the language host and the post-renderer run on the project's, whatever the machine has.
  const path = [
    join(projectDirectory, "node_modules", ".bin"),
    ...(pulumi.ownLanguageHost
      ? []
      : [sandboxSource("pulumi/language-host"), sandboxSource("pulumi/plugins")]),
    dirname(pulumi.cli),
    base.PATH ?? "",
  ];
  return {
    ...Object.fromEntries(inherited),
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
    ...(pulumi.ownLanguageHost ? {} : { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}
