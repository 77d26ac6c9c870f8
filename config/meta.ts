import type { GlobalMeta } from "zod";

declare module "zod" {
  interface GlobalMeta {
    /** What it is, in sentences. */
    description?: string | undefined;
    /** What follows the word that it is required or secret, or its default, up to the full stop. */
    note?: string | undefined;
    /** What holds without it, where that is no default of the schema's. */
    unset?: string | undefined;
    /** Values that it may have; the first is in the command that sets it. A credential has none. */
    examples?: readonly unknown[] | undefined;
    /** A credential: it is to be encrypted in the stack's file. */
    secret?: true | undefined;
    /** The file that a credential usually comes in. */
    file?: string | undefined;
  }
}

/** What a setting, or an option inside one, says about itself to operators: in the README, in editors, in commands. */
export type SettingMeta = GlobalMeta;
