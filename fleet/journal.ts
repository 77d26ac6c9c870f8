import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../lib/errors.ts";
import { readJsonIfPresent, remove, writeJson } from "../lib/files.ts";
import {
  isAlive,
  ownIdentity,
  processIdentitySchema,
  type ProcessIdentity,
} from "../lib/processIdentity.ts";
import { shell } from "../lib/shell.ts";
import { actions, changes, type Action } from "./action.ts";

/** The folder of a fleet's notes and logs in the project. It is needed only to continue after a kill. */
export const notesFolder = ".fleet";

/** How long the completed stacks of an interrupted run count as done, in milliseconds. */
const validity = 24 * 60 * 60 * 1_000;

const entrySchema = z.object({
  state: z.enum(["running", "done"]),
  /** Of the stack's sources (sources.ts). */
  digest: z.string(),
  /** The Pulumi process of the stack, if one runs. */
  process: processIdentitySchema.optional(),
  /** The creation time of the DNS credential that a rotation replaces. */
  replaces: z.string().optional(),
});

/** The entry of a stack in an unfinished run. */
export type Entry = z.infer<typeof entrySchema>;

const journalSchema = z.object({
  version: z.literal(1),
  action: z.enum(actions),
  /** When the run started, in RFC 3339 form. */
  began: z.string(),
  host: z.string(),
  /** The process of the fleet command. */
  owner: processIdentitySchema,
  stacks: z.record(z.string(), entrySchema),
});
type Notes = z.infer<typeof journalSchema>;

/**
 * The completed steps of a fleet's run, in a file for each action, so that a later run continues where a run was killed.
 * An action that changes nothing has no file.
 */
export class Journal {
  private readonly file: string | undefined;
  private notes: Notes;
  private readonly continues: boolean;

  private constructor(file: string | undefined, notes: Notes, continues: boolean) {
    this.file = file;
    this.notes = notes;
    this.continues = continues;
  }

  /**
   * Starts a run, or continues the unfinished run of the same action from the last day.
   *
   * @param directory the project directory
   * @param fresh always starts a new run
   * @throws UserError while another command changes stacks of the same project
   */
  static open(directory: string, action: Action, fresh: boolean): Journal {
    const started: Notes = {
      version: 1,
      action,
      began: new Date().toISOString(),
      host: hostname(),
      owner: ownIdentity(),
      stacks: {},
    };
    if (!changes(action)) {
      return new Journal(undefined, started, false);
    }
    const fileOf = (one: Action) => join(directory, notesFolder, `${one}.json`);
    const kept = actions.flatMap((one) => readNotes(fileOf(one)) ?? []);
    const busy = kept.find(({ owner }) => isAlive(owner));
    if (busy !== undefined) {
      throw new UserError(
        `Another fleet command (${busy.action}, process ${busy.owner.pid}) is running in this folder. Wait until that process ends. To inspect it: ${shell`ps -fp ${busy.owner.pid}`}`,
      );
    }
    const former = kept.find((notes) => notes.action === action);
    const isOld = Date.now() - Date.parse(former?.began ?? "") > validity;
    const continues = former !== undefined && !isOld && !fresh;
    const journal = new Journal(
      fileOf(action),
      continues ? { ...former, owner: started.owner } : started,
      continues,
    );
    journal.write();
    return journal;
  }

  /** The start of the run that this run continues, if it has reached one of these stacks. */
  unfinished(stacks: readonly string[]): string | undefined {
    return this.continues && stacks.some((stack) => this.of(stack) !== undefined)
      ? this.notes.began
      : undefined;
  }

  /** The entry of a stack; undefined where the run has not reached it. */
  of(stack: string): Entry | undefined {
    return this.notes.stacks[stack];
  }

  /** Records the start of a stack, or of a further step. */
  begin(stack: string, digest: string, more: Partial<Entry> = {}): void {
    const { replaces } = this.notes.stacks[stack] ?? {};
    const before = replaces === undefined ? {} : { replaces };
    this.note({ [stack]: { ...before, state: "running", digest, ...more } });
  }

  /** Records the Pulumi process of a started stack. */
  runs(stack: string, process: ProcessIdentity): void {
    const entry = this.notes.stacks[stack];
    if (entry !== undefined) {
      this.note({ [stack]: { ...entry, process } });
    }
  }

  done(stack: string, digest: string): void {
    this.note({ [stack]: { state: "done", digest } });
  }

  /** Removes the entries of these stacks, which are all done. */
  finish(stacks: readonly string[]): void {
    const left = Object.entries(this.notes.stacks).filter(([stack]) => !stacks.includes(stack));
    this.notes = { ...this.notes, stacks: Object.fromEntries(left) };
    if (left.length > 0) {
      this.write();
    } else if (this.file !== undefined) {
      remove(this.file);
    }
  }

  private note(entries: Readonly<Record<string, Entry>>): void {
    this.notes = { ...this.notes, stacks: { ...this.notes.stacks, ...entries } };
    this.write();
  }

  private write(): void {
    if (this.file !== undefined) {
      writeJson(this.file, this.notes, 0o600);
    }
  }
}

/** The notes in a file; undefined without notes from this machine. */
function readNotes(file: string): Notes | undefined {
  const { data } = journalSchema.safeParse(readJsonIfPresent(file));
  return data?.host === hostname() ? data : undefined;
}
