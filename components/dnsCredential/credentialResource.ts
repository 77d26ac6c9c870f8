import * as pulumi from "@pulumi/pulumi";
import type { CloudAccess } from "../../dns/access.ts";
import { resolved } from "../resolved.ts";

/** A type of resource that is a credential, for its delete hook. */
export interface CredentialResource {
  /** The credential's text, from the resource's outputs; undefined where they contain none. */
  readonly content: (outputs: Readonly<Record<string, unknown>>) => Promise<string | undefined>;
  /** Deletes the credential instead of the plugin. Default: the plugin deletes it. */
  readonly remove?: (args: pulumi.ResourceHookArgs, access: CloudAccess) => Promise<void>;
}

/**
 * A text among a resource's outputs; undefined where it is missing, as in an imported resource. Hooks receive secret
 * outputs as Outputs.
 */
export async function textOf(output: unknown): Promise<string | undefined> {
  const text = await resolved(pulumi.output(output));
  return typeof text === "string" ? text : undefined;
}
