/** The only file of the sandbox that the commands outside this folder import. */
import { runningSandbox, type Sandbox } from "./cluster/sandbox.ts";
import { defaultSandboxDirectory } from "./paths.ts";
import { membershipVariable } from "./processes/parts.ts";

export { rootOfCertificates } from "./cluster/acme.ts";
export { issueCertificate } from "./cluster/issuer.ts";
export { loopback } from "./processes/ports.ts";
export { silentReporter } from "./processes/progress.ts";

/**
 * The sandbox that this process belongs to by its environment, or else the sandbox of `npm start`.
 *
 * @throws UserError when the sandbox is not running
 */
export function presentSandbox(): Sandbox {
  return runningSandbox(process.env[membershipVariable] ?? defaultSandboxDirectory);
}
