import { resourceTypes } from "../../names.ts";
import { textOf, type CredentialResource } from "../credentialResource.ts";

/** A service account's key, by its type token. */
export const googleCloudKey: Readonly<Record<string, CredentialResource>> = {
  [resourceTypes.serviceAccountKey]: {
    // The key file, encoded.
    content: async ({ privateKey }) => {
      const encoded = await textOf(privateKey);
      return encoded === undefined ? undefined : decoded(encoded);
    },
  },
};

/** The text of a key file, from the plugin's output. */
export function decoded(privateKey: string): string {
  return Buffer.from(privateKey, "base64").toString("utf8");
}
