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

/** The folder of a fleet's notes and logs in the project. Nothing in it is needed but to go on after a kill. */
export const notesFolder = ".fleet";

/** How long what an interrupted run has done counts as done, in milliseconds. */
const validity = 24 * 60 * 60 * 1_000;

const entrySchema = z.object({
  state: z.enum(["running", "done"]),
  /** Of what the stack was brought up from (sources.ts). */
  digest: z.string(),
  /** The run of Pulumi that is at it, where one is. */
  process: processIdentitySchema.optional(),
  /** When the DNS credential was made that a rotation is to replace. */
  replaces: z.string().optional(),
});

/** What is known of a stack in an unfinished run. */
export type Entry = z.infer<typeof entrySchema>;

const journalSchema = z.object({
  version: z.literal(1),
  action: z.enum(actions),
  /** When the run was begun, in RFC 3339 form. */
  began: z.string(),
  host: z.string(),
  /** The command that is at it. */
  owner: processIdentitySchema,
  stacks: z.record(z.string(), entrySchema),
});
type Notes = z.infer<typeof journalSchema>;

/**
 * What a run of a fleet has done so far, kept in a file for each action so that a later run goes on where one was killed.
 * Of an action that changes nothing nothing is kept.
 */
export class Journal {
  private readonly file: string | undefined;
  private notes: Notes;
  private readonly goesOn: boolean;

  private constructor(file: string | undefined, notes: Notes, goesOn: boolean) {
    this.file = file;
    this.notes = notes;
    this.goesOn = goesOn;
  }

  /**
   * Begins a run, or goes on with the one of the same action that did not finish within the last day.
   *
   * @param directory the project's
   * @param fresh begins anew whatever there is
   * @throws UserError while another command changes stacks of the same project
   */
  static open(directory: string, action: Action, fresh: boolean): Journal {
    const begun: Notes = {
      version: 1,
      action,
      began: new Date().toISOString(),
      host: hostname(),
      owner: ownIdentity(),
      stacks: {},
    };
    if (!changes(action)) {
      return new Journal(undefined, begun, false);
    }
    const fileOf = (one: Action) => join(directory, notesFolder, `${one}.json`);
    const kept = actions.flatMap((one) => readNotes(fileOf(one)) ?? []);
    const busy = kept.find(({ owner }) => isAlive(owner));
    if (busy !== undefined) {
      throw new UserError(
        `Another fleet command (${busy.action}, process ${busy.owner.pid}) is at work in this folder. Wait for its end; which one it is: ${shell`ps -fp ${busy.owner.pid}`}`,
      );
    }
    const former = kept.find((notes) => notes.action === action);
    const isOld = Date.now() - Date.parse(former?.began ?? "") > validity;
    const goesOn = former !== undefined && !isOld && !fresh;
    const journal = new Journal(
      fileOf(action),
      goesOn ? { ...former, owner: begun.owner } : begun,
      goesOn,
    );
    journal.write();
    return journal;
  }

  /** When the run was begun that this one goes on with, if it has come to one of these stacks. */
  unfinished(stacks: readonly string[]): string | undefined {
    return this.goesOn && stacks.some((stack) => this.of(stack) !== undefined)
      ? this.notes.began
      : undefined;
  }

  /** What is known of a stack; undefined where the run has not come to it. */
  of(stack: string): Entry | undefined {
    return this.notes.stacks[stack];
  }

  /** A stack is begun, or goes on with a further step. */
  begin(stack: string, digest: string, more: Partial<Entry> = {}): void {
    const { replaces } = this.notes.stacks[stack] ?? {};
    const before = replaces === undefined ? {} : { replaces };
    this.note({ [stack]: { ...before, state: "running", digest, ...more } });
  }

  /** The run of Pulumi for a stack that is begun. */
  runs(stack: string, process: ProcessIdentity): void {
    const entry = this.notes.stacks[stack];
    if (entry !== undefined) {
      this.note({ [stack]: { ...entry, process } });
    }
  }

  done(stack: string, digest: string): void {
    this.note({ [stack]: { state: "done", digest } });
  }

  /** All of these stacks are done: nothing of them is to be gone on with. */
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

/** The notes in a file; undefined where it has none that this machine has written. */
function readNotes(file: string): Notes | undefined {
  const { data } = journalSchema.safeParse(readJsonIfPresent(file));
  return data?.host === hostname() ? data : undefined;
}
