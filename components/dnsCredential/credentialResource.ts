import * as pulumi from "@pulumi/pulumi";
import type { CloudAccess } from "../../dns/access.ts";
import { resolved } from "../resolved.ts";

/** A kind of resource that is a credential, as far as its delete hook is concerned. */
export interface CredentialResource {
  /** The credential's text, from the resource's outputs; undefined where they have none. */
  readonly content: (outputs: Readonly<Record<string, unknown>>) => Promise<string | undefined>;
  /** Deletes the credential in the plugin's place. Default: the plugin does it. */
  readonly remove?: (args: pulumi.ResourceHookArgs, access: CloudAccess) => Promise<void>;
}

/**
 * A text among a resource's outputs, of which hooks are given the secret ones as Outputs; undefined where there is none,
 * as with what was imported.
 */
export async function textOf(output: unknown): Promise<string | undefined> {
  const text = await resolved(pulumi.output(output));
  return typeof text === "string" ? text : undefined;
}
