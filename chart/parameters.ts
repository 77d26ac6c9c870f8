import { z } from "zod";
import { parseJson } from "../lib/json.ts";

/**
 * The version of the repairs as a whole. Raise it with every change of what the post-renderer does:
 * Pulumi compares a release's inputs only, so that a changed script alone would not be deployed.
 */
export const repairsVersion = "2";

/** The annotation on the chart's ServiceAccount in which the parameters travel. */
export const parametersAnnotation = "akash-provider-letsencrypt/parameters";

const digest = z.string().regex(/^[0-9a-f]{16}$/);

const parametersSchema = z.strictObject({
  repairs: z.string(),
  challenge: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("http-01") }),
    z.strictObject({
      type: z.literal("dns-01"),
      dnsProvider: z.enum(["googleCloud", "cloudflare"]),
      credentialDigest: digest.optional(),
      /** Environment of the container that the chart has no value for. */
      environment: z.record(z.string(), z.string()).optional(),
    }),
  ]),
  walletDigest: digest,
});

/**
 * What the post-renderer must know about the stack.
 *
 * Helm starts a post-renderer without arguments, and Pulumi compares the release's values only, so the
 * parameters are part of the values and reach the post-renderer inside the manifest. Nothing in them is secret.
 */
export type Parameters = z.infer<typeof parametersSchema>;

/** The annotation's text: keys in a fixed order, so that the same parameters are never a difference. */
export function encodeParameters(parameters: Omit<Parameters, "repairs">): string {
  return JSON.stringify(parametersSchema.parse({ repairs: repairsVersion, ...parameters }));
}

/**
 * Reads the annotation's text.
 *
 * @throws Error when it is not what {@link encodeParameters} of this version writes
 */
export function decodeParameters(text: string): Parameters {
  const parsed = parametersSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new Error(
      `the annotation ${parametersAnnotation} does not hold this program's parameters, as this version writes them`,
    );
  }
  return parsed.data;
}
