import { join } from "node:path";
import { temporaryFile, writeAtomically } from "../lib/files.ts";
import {
  importCommand,
  importFile,
  initCommand,
  parentsCommand,
  secretCommands,
  settingsInClear,
} from "./plan.ts";
import type { Preparation } from "./prepare.ts";
import type { Project } from "./situation.ts";
import { writeSettings } from "./stackFile.ts";

/** The result of an adoption. */
export interface Adoption {
  /** The Helm revisions from which credentials were removed. */
  readonly cleanedRevisions: readonly number[];
}

/**
 * Adopts the provider: settings, Secrets, Helm's history, and the stack's state, without a restart of the pod. After an
 * interrupted adoption, the next one skips the completed steps.
 *
 * @param report called with each step before it starts
 */
export async function adopt(
  preparation: Preparation,
  { pulumi, directory }: Project,
  report: (step: string) => void,
): Promise<Adoption> {
  const { identity, provider, names, translation, secrets, imported } = preparation;
  report(`Writing the settings of stack ${identity.stack}`);
  const { script } = translation;
  if (script !== undefined) {
    writeAtomically(join(directory, script.file), script.text, 0o755);
  }
  if (preparation.isNewStack) {
    await pulumi.run(initCommand(identity));
  }
  // Not on a command line, where other users of the machine could read the values, and which has a limit.
  writeSettings(directory, identity, settingsInClear(translation));
  for (const command of secretCommands(identity, translation)) {
    await pulumi.run(command);
  }
  // Before any change to the cluster: this step runs the program, which checks the settings.
  await pulumi.run(parentsCommand(identity, imported));

  report("Transferring the Secrets to the stack");
  for (const name of secrets) {
    await provider.handOver(name);
  }
  // Before the import, which reads the release's values into the state.
  const cleanedRevisions = await provider.forgetCredentials(names);
  await provider.labelNamespace();

  report("Importing the present resources into the stack's state");
  const content = JSON.stringify(importFile(identity, preparation.missing));
  const file = temporaryFile("import.json", content);
  try {
    await pulumi.run(importCommand(identity, file.path));
  } finally {
    file.remove();
  }
  return { cleanedRevisions };
}
