import { resolve } from "node:path";
import { defaultNamespace, defaultReleaseName, releaseNames } from "../chart/release.ts";
import { kubeconfigSetting } from "../lib/pulumi.ts";
import { readProject, readStackConfig } from "../lib/stackFile.ts";
import { issueCertificate, presentSandbox, silentReporter } from "../sandbox/index.ts";

/** Obtains a stack's certificate like its provider. */
export type Issue = (stack: string) => Promise<void>;

/**
 * Connects this process to the sandbox of `npm start`, or to the sandbox in its environment. No container runs there, so
 * the returned function acts as the providers.
 *
 * @param directory the project directory
 * @throws UserError when it is not running
 */
export function inSandbox(directory: string): Issue {
  const sandbox = presentSandbox();
  Object.assign(process.env, sandbox.environment);
  return async (stack) => {
    const config = readStackConfig(directory, stack);
    const { name } = readProject(directory);
    const text = (key: string) => {
      const value = config[key];
      return typeof value === "string" ? value : undefined;
    };
    const own = text(kubeconfigSetting);
    const kubeconfig = own === undefined ? sandbox.kubeconfig : resolve(directory, own);
    const target = {
      namespace: text(`${name}:namespace`) ?? defaultNamespace,
      statefulSet: releaseNames(text(`${name}:releaseName`) ?? defaultReleaseName).fullname,
    };
    await issueCertificate({ ...sandbox, kubeconfig }, target, silentReporter);
  };
}
