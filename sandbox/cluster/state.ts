import { join } from "node:path";
import { z } from "zod";
import { readJsonIfPresent, writeJson } from "../../lib/files.ts";
import { pulumiToolsSchema } from "../pulumi/pulumiTools.ts";

/** Increases when this code can no longer use the sandbox of an earlier version. */
const layout = 3;

const stateSchema = z.object({
  layout: z.literal(layout),
  /** Ports by name; kept across starts if they are free. */
  ports: z.record(z.string(), z.int()),
  /** Names of all started parts. */
  parts: z.array(z.string()),
  /** Paths of their artifacts, by name. */
  programs: z.record(z.string(), z.string()),
  pulumi: pulumiToolsSchema,
});

/** The record of a sandbox's last complete start. */
export type State = Omit<z.infer<typeof stateSchema>, "layout">;

/** The state of the sandbox in `directory`; undefined if no start was completed there. */
export function readState(directory: string): State | undefined {
  return stateSchema.safeParse(readJsonIfPresent(stateFile(directory))).data;
}

/** Writes the state, as the last step of a start. */
export function writeState(directory: string, state: State): void {
  writeJson(stateFile(directory), { layout, ...state });
}

function stateFile(directory: string): string {
  return join(directory, "sandbox.json");
}
