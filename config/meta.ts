import type { GlobalMeta } from "zod";

declare module "zod" {
  interface GlobalMeta {
    /** What the setting is, in sentences. */
    description?: string | undefined;
    /** The text after "required", "secret" or the default, up to the full stop. */
    note?: string | undefined;
    /** The behaviour without the setting, where the schema has no default. */
    unset?: string | undefined;
    /** Valid values; the first is in the command that sets the setting. A credential has none. */
    examples?: readonly unknown[] | undefined;
    /** A credential, which must be encrypted in the stack's file. */
    secret?: true | undefined;
    /** The usual file of a credential. */
    file?: string | undefined;
  }
}

/** The metadata of a setting, or of an option inside one, for operators: in docs/settings.md, in editors, in commands. */
export type SettingMeta = GlobalMeta;
