import { gunzipSync, gzipSync } from "node:zlib";
import type { V1Secret } from "@kubernetes/client-node";

/**
 * The JSON text of a revision, from the Secret in which Helm keeps it: gzipped and in base64, which the Secret encodes
 * once more (helm.sh/helm/v3, pkg/storage/driver/util.go).
 *
 * @throws Error when it is not so encoded
 */
export function recordText({ data }: Pick<V1Secret, "data">): string {
  const encoded = Buffer.from(data?.release ?? "", "base64").toString();
  return gunzipSync(Buffer.from(encoded, "base64")).toString();
}

/** The data of the Secret for a revision's JSON text. */
export function recordData(text: string): Record<string, string> {
  const encoded = gzipSync(text).toString("base64");
  return { release: Buffer.from(encoded).toString("base64") };
}
