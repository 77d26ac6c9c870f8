import * as pulumi from "@pulumi/pulumi";
import { credentialChildren, programNames } from "../components/names.ts";
import { messageOf } from "../lib/errors.ts";
import { momentInFile, unquotedMoment, writtenMoment } from "../lib/moments.ts";
import { stackResources, type StackResource } from "../lib/pulumi.ts";

/**
 * The text that says when the stack's credential is replaced: `dns.rotation`, in the form in which the state has it. A
 * moment has several forms, and programs before this one handed Pulumi the one in which it came, so that another form of
 * the same moment would replace a credential that nobody has asked to be replaced.
 *
 * @param rotation the setting
 * @param resources the resources in the stack's state; only asked for where the setting is a moment. Default: as Pulumi
 *   exports them
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
      `The form in which the state has dns.rotation could not be looked at: ${messageOf(error)}\n` +
        `Where the preview replaces the credential and nobody has asked for that, it is the form alone, and happens once.`,
    );
    return rotation;
  }
}

/** The moment that a text means, as {@link writtenMoment} has it; another text as it is. */
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
  // What the SDK says where the backend knows no organizations.
  const name =
    organization === "organization" ? stack : `${organization}/${pulumi.getProject()}/${stack}`;
  return stackResources(name, {
    explain: (failure) =>
      failure === "not on PATH" ? "pulumi is not on PATH" : failure.stderr.trim(),
  });
}
