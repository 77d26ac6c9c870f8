import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";

/** A service account's key file (https://cloud.google.com/iam/docs/keys-create-delete). */
export const keyFile = z.object({
  type: z.literal("service_account"),
  client_email: z.string(),
  private_key: z.string().refine(isPrivateKey),
  private_key_id: z.string().optional(),
  token_uri: z.url().default("https://oauth2.googleapis.com/token"),
});

/** What is in a service account's key file. */
export type KeyFile = z.output<typeof keyFile>;

/** What is wrong with a key file: the names of the fields, never their values; none when it is right. */
export function keyFileProblems(content: string): string[] {
  const { error } = keyFile.safeParse(parseJson(content));
  return error?.issues.map(({ path }) => (path.length === 0 ? "JSON" : path.join("."))) ?? [];
}

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
