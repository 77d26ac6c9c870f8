import { z } from "zod";
import { parseJson } from "../lib/json.ts";

/**
 * The version of all repairs. Increase it with every change of the post-renderer's output: Pulumi compares only a release's
 * inputs and would not deploy a changed script otherwise.
 */
export const repairsVersion = "2";

/** The annotation on the chart's ServiceAccount with the parameters. */
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
      /** Environment variables of the container for which the chart has no value. */
      environment: z.record(z.string(), z.string()).optional(),
    }),
  ]),
  walletDigest: digest,
});

/**
 * The stack's parameters for the post-renderer.
 *
 * Helm starts a post-renderer without arguments, and Pulumi compares only the release's values. Therefore the parameters are
 * part of the values, and reach the post-renderer in the manifest. They contain no secrets.
 */
export type Parameters = z.infer<typeof parametersSchema>;

/** Encodes parameters for the annotation. The keys are in a fixed order, so that equal parameters have equal texts. */
export function encodeParameters(parameters: Omit<Parameters, "repairs">): string {
  return JSON.stringify(parametersSchema.parse({ repairs: repairsVersion, ...parameters }));
}

/**
 * Decodes the annotation's text.
 *
 * @throws Error when the text is not from {@link encodeParameters} of this version
 */
export function decodeParameters(text: string): Parameters {
  const parsed = parametersSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new Error(
      `the annotation ${parametersAnnotation} does not contain the parameters of this version of the program`,
    );
  }
  return parsed.data;
}
