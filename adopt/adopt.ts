import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFile } from "../lib/files.ts";
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

/** What an adoption did that its reader may want to know. */
export interface Adoption {
  /** Helm's revisions from which credentials were taken out. */
  readonly cleanedRevisions: readonly number[];
}

/**
 * Adopts the provider: settings, Secrets, Helm's history, and the stack's state. Nothing of it restarts the pod. What an
 * interrupted adoption has done already, the next one finds done.
 *
 * @param report called with each step before it is taken
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
    writeFileSync(join(directory, script.file), script.text, { mode: 0o755 });
  }
  if (preparation.isNewStack) {
    await pulumi.run(initCommand(identity));
  }
  // The stack's file itself: on a command line other users of the machine could read the values, and there is a limit.
  writeSettings(directory, identity, settingsInClear(translation));
  for (const command of secretCommands(identity, translation)) {
    await pulumi.run(command);
  }
  // Before the cluster is touched: here the program itself checks the settings.
  await pulumi.run(parentsCommand(identity, imported));

  report("Handing the Secrets to the stack");
  for (const name of secrets) {
    await provider.handOver(name);
  }
  // Before the import, which reads the release's values into the state.
  const cleanedRevisions = await provider.forgetCredentials(names);
  await provider.labelNamespace();

  report("Importing what is there into the stack's state");
  const content = JSON.stringify(importFile(identity, preparation.missing));
  const file = temporaryFile("import.json", content);
  try {
    await pulumi.run(importCommand(identity, file.path));
  } finally {
    file.remove();
  }
  return { cleanedRevisions };
}
