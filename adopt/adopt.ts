import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../sandbox/errors.ts";
import {
  importCommand,
  importFile,
  parentsCommand,
  releaseUrn,
  settingCommands,
  urnOf,
} from "./plan.ts";
import type { Preparation } from "./prepare.ts";
import type { Pulumi } from "./pulumi.ts";

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
  { identity, provider, names, translation, scriptFile, secrets, imported }: Preparation,
  { pulumi, directory }: { readonly pulumi: Pulumi; readonly directory: string },
  report: (step: string) => void,
): Promise<Adoption> {
  const { stack } = identity;
  const urns = await pulumi.urns(stack);
  if (urns?.has(releaseUrn(identity)) === true) {
    throw new UserError(
      `The stack ${stack} has its release already. Change its settings with pulumi config set -s ${stack}.`,
    );
  }
  report(`Writing the settings of stack ${stack}`);
  if (translation.script !== undefined) {
    writeFileSync(join(directory, scriptFile), translation.script, { mode: 0o755 });
  }
  if (urns === undefined) {
    await pulumi.run({ args: ["stack", "init", stack, "--no-select"] });
  }
  for (const command of settingCommands(identity, translation)) {
    await pulumi.run(command);
  }

  report("Handing the Secrets from Helm to the stack");
  for (const name of secrets) {
    await provider.handOver(name);
  }
  // Before the import, which reads the release's values into the state.
  const cleanedRevisions = await provider.forgetCredentials(names);
  await provider.labelNamespace();

  report("Importing what is there into the stack's state");
  await pulumi.run(parentsCommand(identity));
  const missing = imported.filter((resource) => urns?.has(urnOf(identity, resource)) !== true);
  await withFile(JSON.stringify(importFile(identity, missing)), (file) =>
    pulumi.run(importCommand(identity, file)),
  );
  return { cleanedRevisions };
}

/** Calls back with a file of this content, which is gone afterwards. */
async function withFile<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "akash-adopt-"));
  try {
    const file = join(directory, "import.json");
    writeFileSync(file, content);
    return await use(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
