import { joined, shell, type ShellText } from "../../lib/shell.ts";
import type { GoogleCloudAccess } from "../access.ts";
import { removal } from "../unusable.ts";

/** Where Google's libraries look before they take the login of gcloud. */
const beforeLogin = "GOOGLE_APPLICATION_CREDENTIALS";

/**
 * The command that logs in as whom gcloud knows. What would count in the place of the login goes first: the plugin takes
 * what the stack or the environment names before it.
 *
 * @param access how Google is reached, and where that was said
 * @param environment default: that of this process
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
