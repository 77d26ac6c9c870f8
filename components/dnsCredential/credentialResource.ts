import type * as pulumi from "@pulumi/pulumi";
import type { CloudAccess } from "../../dns/access.ts";

/** A kind of resource that is a credential, as far as its delete hook is concerned. */
export interface CredentialResource {
  /** The credential's text, from the resource's outputs; undefined where they have none. */
  readonly content: (outputs: Readonly<Record<string, unknown>>) => Promise<string | undefined>;
  /** Deletes the credential in the plugin's place. Default: the plugin does it. */
  readonly remove?: (args: pulumi.ResourceHookArgs, access: CloudAccess) => Promise<void>;
}
