import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The state of an emulator, and its storage. */
export interface Store<State> {
  readonly state: State;
  /** Stores the current state; returns when it is on disk. */
  save(): void;
}

/** A store with one part per emulator, so that both share one file. */
export interface StoreFile<State extends object> {
  part<Name extends keyof State>(name: Name): Store<State[Name]>;
}

/**
 * Opens the state file, or starts from `initial` if it does not exist. Without a file, the state exists in memory
 * only.
 *
 * A change is written to a neighbor file, which then replaces the state file: a process that is killed at any
 * moment leaves either the old state or the new one.
 */
export function openStore<State extends object>(initial: State, file?: string): StoreFile<State> {
  const state = file !== undefined && existsSync(file) ? read<State>(file, initial) : initial;
  const save = () => {
    if (file !== undefined) {
      mkdirSync(dirname(file), { recursive: true });
      const next = `${file}.next`;
      writeFileSync(next, JSON.stringify(state, undefined, 1), { mode: 0o600, flush: true });
      renameSync(next, file);
    }
  };
  return { part: (name) => ({ state: state[name], save }) };
}

function read<State extends object>(file: string, initial: State): State {
  try {
    return { ...initial, ...(JSON.parse(readFileSync(file, "utf8")) as Partial<State>) };
  } catch (error) {
    throw new Error(
      `${file} is not a state file of the emulators; remove it to start with an empty state`,
      { cause: error },
    );
  }
}
