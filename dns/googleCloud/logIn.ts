import { joined, shell, type ShellText } from "../../lib/shell.ts";
import type { GoogleCloudAccess } from "../access.ts";
import { removal } from "../unusable.ts";

/** The variable that Google's libraries read before the login of gcloud. */
const beforeLogin = "GOOGLE_APPLICATION_CREDENTIALS";

/**
 * The command that logs in to gcloud. It first removes the settings and variables that take precedence over the login.
 *
 * @param access endpoints and identity of the plugin, with their sources
 * @param environment default: the environment of this process
 */
export function logIn(
  access: GoogleCloudAccess,
  environment: NodeJS.ProcessEnv = process.env,
): ShellText {
  const { externalCredentials, accessToken, credentials } = access.sources ?? {};
  const inPlace = [
    ...[externalCredentials, accessToken, credentials].filter((source) => source !== undefined),
    ...((environment[beforeLogin] ?? "") === "" ? [] : [beforeLogin]),
  ];
  return joined(
    [
      ...inPlace.map((source) => removal(source, access)),
      shell`gcloud auth application-default login`,
    ],
    " && ",
  );
}
