import type { Controllable } from "./control.ts";
import type { Api } from "./listener.ts";

/** An emulator: the API and its control. */
export interface Emulator {
  readonly api: Api;
  readonly control: Controllable;
  /** Publishes the records from the state file. */
  republish(): Promise<void>;
}
