import * as pulumi from "@pulumi/pulumi";
import { credentialChildren, programNames } from "../components/names.ts";
import { messageOf } from "../lib/errors.ts";
import { momentInFile, unquotedMoment, writtenMoment } from "../lib/moments.ts";
import { stackResources, type StackResource } from "../lib/pulumi.ts";

/**
 * `dns.rotation`, the text whose change replaces the stack's credential, in the form that the state has. A moment has
 * several forms, and earlier releases passed Pulumi the form in the stack's file, so that another form of the same moment
 * would replace the credential without a request.
 *
 * @param rotation the setting
 * @param resources the resources in the stack's state; read only where the setting is a moment. Default: as Pulumi exports
 *   them
 */
export async function deployedRotation(
  rotation: string,
  resources: () => Promise<readonly StackResource[] | undefined> = ownResources,
): Promise<string> {
  if (!unquotedMoment.test(rotation)) {
    return rotation;
  }
  try {
    return (
      triggersIn((await resources()) ?? []).find((one) => meaning(one) === rotation) ?? rotation
    );
  } catch (error) {
    await pulumi.log.warn(
      `The form of dns.rotation in the state could not be read: ${messageOf(error)}\n` +
        `If the preview replaces the credential without a request, only the form differs, and this happens once.`,
    );
    return rotation;
  }
}

/** The moment of a text, in the form of {@link writtenMoment}; another text unchanged. */
function meaning(text: string): string {
  return momentInFile(writtenMoment(text));
}

function triggersIn(resources: readonly StackResource[]): readonly string[] {
  const { key, token } = credentialChildren(programNames.credential);
  return resources.flatMap(({ urn, delete: isGoing, replacementTrigger }) =>
    typeof replacementTrigger === "string" &&
    isGoing !== true &&
    [key, token].some((name) => urn.endsWith(`::${name}`))
      ? [replacementTrigger]
      : [],
  );
}

function ownResources(): Promise<readonly StackResource[] | undefined> {
  const [organization, stack] = [pulumi.getOrganization(), pulumi.getStack()];
  // The SDK returns "organization" where the backend has no organizations.
  const name =
    organization === "organization" ? stack : `${organization}/${pulumi.getProject()}/${stack}`;
  return stackResources(name, {
    explain: (failure) =>
      failure === "not on PATH" ? "pulumi is not on PATH" : failure.stderr.trim(),
  });
}
