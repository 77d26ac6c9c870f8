import { join } from "node:path";
import { z } from "zod";
import { readJsonIfPresent, writeJson } from "../../lib/files.ts";
import { pulumiToolsSchema } from "../pulumi/pulumiTools.ts";

/** Goes up when a sandbox of an earlier version of this code can no longer be used. */
const layout = 3;

const stateSchema = z.object({
  layout: z.literal(layout),
  /** Ports by name; kept from one start to the next where they stay free. */
  ports: z.record(z.string(), z.int()),
  /** Names of all parts that were started. */
  parts: z.array(z.string()),
  /** Paths of the artifacts they were started from, by name. */
  programs: z.record(z.string(), z.string()),
  pulumi: pulumiToolsSchema,
});

/** What a sandbox remembers of its last complete start. */
export type State = Omit<z.infer<typeof stateSchema>, "layout">;

/** The state of the sandbox in `directory`; undefined when none was completely started there. */
export function readState(directory: string): State | undefined {
  return stateSchema.safeParse(readJsonIfPresent(stateFile(directory))).data;
}

/** Writes the state, as the last act of a start. */
export function writeState(directory: string, state: State): void {
  writeJson(stateFile(directory), { layout, ...state });
}

function stateFile(directory: string): string {
  return join(directory, "sandbox.json");
}
