import { credentialSecretKey } from "../../chart/release.ts";
import { credentialAnnotations } from "../../components/dnsCredential/annotations.ts";
import { digestOf } from "../../dns/credential.ts";
import { isMap } from "../../lib/json.ts";
import { known, type Rule } from "../rule.ts";

/** The Secrets with a DNS credential for the provider, by the ends of their names (chart/release.ts). */
const kinds = {
  "-gcp-dns": credentialSecretKey.googleCloud,
  "-cloudflare-dns": credentialSecretKey.cloudflare,
};

export const credentialIsProven: Rule = {
  name: "credential-is-proven",
  description: "A Secret with a DNS credential has the digest of the proven credential.",
  types: ["kubernetes:core/v1:Secret"],
  check: ({ props }) => {
    const metadata = known(() => props.metadata);
    const name = isMap(metadata) ? known(() => metadata.name) : undefined;
    const [, key] =
      Object.entries(kinds).find(([end]) => typeof name === "string" && name.endsWith(end)) ?? [];
    if (key === undefined || !isMap(metadata)) {
      return [];
    }
    const annotations = known(() => metadata.annotations);
    const hasNone = annotations === undefined && known(() => "annotations" in metadata) === true;
    // In a preview the digest of a planned credential is unknown.
    const read = readable(isMap(annotations) ? annotations : {}, credentialAnnotations.digest);
    if (read.unknown || hasNone) {
      return [];
    }
    if (typeof read.value !== "string") {
      return [
        "The Secret has no digest of a proven credential. AkashProvider proves the credential, and records the digest.",
      ];
    }
    const data = known(() => props.data);
    const content = isMap(data) ? known(() => data[key]) : undefined;
    return typeof content === "string" &&
      digestOf(Buffer.from(content, "base64").toString()) !== read.value
      ? ["The Secret contains another credential than the proven one."]
      : [];
  },
};

/** A field, and whether its value is unknown before the update. */
function readable(map: Readonly<Record<string, unknown>>, field: string) {
  try {
    return { unknown: false, value: map[field] };
  } catch {
    return { unknown: true, value: undefined };
  }
}
