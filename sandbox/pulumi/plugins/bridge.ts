import { messageOf } from "../../../lib/errors.ts";

/** The operation of a plugin that failed. */
export type Operation =
  | { readonly kind: "configure" }
  | { readonly kind: "invoke"; readonly token: string }
  /** `made`: whether the API has created the resource, so that only a later step of the creation failed. */
  | { readonly kind: "create"; readonly urn: string; readonly made: boolean }
  | { readonly kind: "update" | "read" | "delete"; readonly urn: string };

/** The report of a failed operation. */
export interface Failed {
  /** The operation's error for the engine. */
  readonly message: string;
  /** An additional message for the engine's log. */
  readonly logged?: string;
}

/** Reports failures to the engine with the texts of one of the two bridges that the official plugins are built with. */
export type Bridge = (error: unknown, operation: Operation) => Failed;

/** A failure with a headline. */
export class Diagnostic extends Error {
  override readonly name = "Diagnostic";
  readonly summary: string;

  constructor(summary: string, detail: string) {
    super(detail);
    this.summary = summary;
  }
}

/**
 * The bridge of gcp, over version 2 of Terraform's SDK.
 *
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/provider.go
 */
export const sdkBridge: Bridge = (error, operation) => {
  const errors = `1 error occurred:\n\t* ${messageOf(error)}\n\n`;
  switch (operation.kind) {
    case "configure":
      return { message: errors };
    case "invoke":
      return { message: `invoking ${operation.token}: ${errors}` };
    case "create":
      return { message: operation.made ? `creating ${operation.urn}: ${errors}` : errors };
    case "update":
      return { message: `updating ${operation.urn}: ${errors}` };
    case "read":
      return { message: `refreshing ${operation.urn}: ${errors}` };
    case "delete":
      return { message: `deleting ${operation.urn}: ${errors}` };
  }
};

/**
 * The bridge of cloudflare and random, over Terraform's plugin framework. It also logs each failure, in the reverse
 * format.
 *
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/pf/tfbridge/provider_diagnostics.go
 */
export const frameworkBridge: Bridge = (error) => {
  const summary = error instanceof Diagnostic ? error.summary : "failed to make http request";
  const detail = messageOf(error);
  return { message: `${summary}: ${detail}`, logged: `[ERROR] ${detail}: ${summary}` };
};
