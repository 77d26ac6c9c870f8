import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { isMap, parseJson } from "../../lib/json.ts";
import { isLoopback } from "../../lib/proxy.ts";

/** What key files named before Google's APIs had a host for it. */
const formerTokenUri = "https://accounts.google.com/o/oauth2/token";

/**
 * Whether a credential may be sent to an address that its file names: to Google alone, over TLS, or to this machine, as an
 * emulator has it. Whoever has changed a file would otherwise be handed tokens.
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
  client_email: z.email("is no e-mail address"),
  private_key: z.string().refine(isPrivateKey),
  private_key_id: z
    .string()
    .regex(/^[0-9a-f]+$/i, "is no number in hex digits")
    .optional(),
  token_uri: z
    .string()
    .refine(isGoogleAddress, "is no https address at googleapis.com")
    .default("https://oauth2.googleapis.com/token"),
});

/** What is in a service account's key file. */
export type KeyFile = z.output<typeof keyFile>;

/** Fields whose messages say more than that they are missing or of another form. */
const explained: readonly PropertyKey[] = ["client_email", "private_key_id", "token_uri"];

/** What is wrong with a key file: the names of the fields, never their values; none when it is right. */
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
