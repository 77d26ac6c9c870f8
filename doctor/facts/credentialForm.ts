import { z } from "zod";

/** The entries of the Secrets as the chart's StatefulSet reads them (templates/statefulset.yaml). */
export const secretKey = {
  googleCloud: "service-account.json",
  cloudflare: "CF_DNS_API_TOKEN",
} as const;

/** The parts of a service account's key file that a client needs. */
export const keyFileSchema = z.object({
  type: z.literal("service_account"),
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.url().default("https://oauth2.googleapis.com/token"),
});

/** What keeps a text from being a credential of that cloud; undefined when it is one. */
export const credentialDefect = {
  googleCloud: (content: string): string | undefined => {
    const { error } = keyFileSchema.safeParse(parseJson(content));
    const fields = error?.issues.map(({ path }) => path.join(".") || "JSON").join(", ");
    return fields && `not a service account's key file (wrong: ${fields})`;
  },
  cloudflare: (content: string): string | undefined => {
    if (content.trim() === "") {
      return "empty";
    }
    return /^[\w-]{40,}$/.test(content)
      ? undefined
      : "not an API token: at least 40 letters, digits, _ and -, and no line's end after them";
  },
} as const;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
