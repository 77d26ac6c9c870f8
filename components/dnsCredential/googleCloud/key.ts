import * as pulumi from "@pulumi/pulumi";
import { resourceTypes } from "../../names.ts";
import { resolved } from "../../resolved.ts";
import type { CredentialResource } from "../credentialResource.ts";

/** A service account's key, by its type token. */
export const googleCloudKey: Readonly<Record<string, CredentialResource>> = {
  [resourceTypes.serviceAccountKey]: {
    // The key file, encoded.
    content: async ({ privateKey }) =>
      privateKey === undefined
        ? undefined
        : decoded(await resolved(pulumi.output(privateKey as pulumi.Input<string>))),
  },
};

/** The text of a key file, from what the plugin tells of it. */
export function decoded(privateKey: string): string {
  return Buffer.from(privateKey, "base64").toString("utf8");
}
