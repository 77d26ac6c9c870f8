import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { isMap, parseJson } from "../../lib/json.ts";
import { isLoopback } from "../../lib/proxy.ts";

/** The token address in old key files. */
const formerTokenUri = "https://accounts.google.com/o/oauth2/token";

/**
 * Whether a credential may be sent to an address in its file: only to Google, over TLS, or to this machine, for an emulator.
 * Otherwise a manipulated file would send tokens elsewhere.
 */
export function isGoogleAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url?.username !== "" || url.password !== "") {
    return false;
  }
  return (
    address === formerTokenUri ||
    (url.protocol === "https:" && url.port === "" && /(^|\.)googleapis\.com$/.test(url.hostname)) ||
    (/^https?:$/.test(url.protocol) && isLoopback(url.hostname))
  );
}

/** A service account's key file (https://cloud.google.com/iam/docs/keys-create-delete). */
export const keyFile = z.object({
  type: z.literal("service_account"),
  client_email: z.email("is not an e-mail address"),
  private_key: z.string().refine(isPrivateKey),
  private_key_id: z
    .string()
    .regex(/^[0-9a-f]+$/i, "is not a hexadecimal number")
    .optional(),
  token_uri: z
    .string()
    .refine(isGoogleAddress, "is not an https address at googleapis.com")
    .default("https://oauth2.googleapis.com/token"),
});

/** The content of a service account's key file. */
export type KeyFile = z.output<typeof keyFile>;

/** Fields with a message of their own. */
const explained: readonly PropertyKey[] = ["client_email", "private_key_id", "token_uri"];

/** The wrong fields of a key file: their names, never their values; empty for a valid file. */
export function keyFileProblems(content: string): string[] {
  const file = parseJson(content);
  const { error } = keyFile.safeParse(file);
  return (
    error?.issues.map(({ path, message }) => {
      const [field = "JSON"] = path;
      return explained.includes(field) && isMap(file) && typeof file[String(field)] === "string"
        ? `${String(field)} ${message}`
        : path.join(".") || "JSON";
    }) ?? []
  );
}

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
