import type { Controllable } from "./control.ts";
import type { Api } from "./listener.ts";

/** An emulator: the API and what controls it. */
export interface Emulator {
  readonly api: Api;
  readonly control: Controllable;
  /** Publishes the records that the state file had. */
  republish(): Promise<void>;
}
