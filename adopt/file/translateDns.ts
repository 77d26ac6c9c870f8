import { z } from "zod";
import { keyFile, keyFileProblems } from "../../dns/googleCloud/keyFile.ts";
import { parseJson, type ValueMap } from "../../lib/json.ts";
import type { RemainingValues } from "./remainingValues.ts";

/** The setting `dns` without its credential, and the credential by the path of its setting. */
export interface DnsTranslation {
  readonly dns?: ValueMap;
  readonly credential?: Readonly<Record<string, string | undefined>>;
}

type DnsProvider = "cloudflare" | "googleCloud";

/** What `letsEncrypt.dns.providers` may hold: the issuer's names, and those that some tools wrote instead. */
const providerNames: Readonly<Record<string, DnsProvider>> = {
  cf: "cloudflare",
  cloudflare: "cloudflare",
  gcloud: "googleCloud",
  googleCloud: "googleCloud",
};

const path = {
  list: "letsEncrypt.dns.providers",
  cloudflare: "letsEncrypt.providers.cloudflare",
  googleCloud: "letsEncrypt.providers.googleCloud",
} as const;

/** A key file that also says its project, as Google's do. */
const projectKeyFile = keyFile.extend({ project_id: z.string().min(1) });

/**
 * Translates the DNS provider and its credential, in the form that charts have had since 12.0.0: the provider that is
 * enabled is in use, and up to 12.1.2 its name was in the list `letsEncrypt.dns.providers`, too.
 *
 * @param source what is left of the file
 * @param zone the zone that the credential is for
 */
export function translateDns(source: RemainingValues, zone: string | undefined): DnsTranslation {
  const enabled = (["cloudflare", "googleCloud"] as const).filter(
    (provider) => source.flag(`${path[provider]}.enabled`) === true,
  );
  const listed = listedProviders(source);
  const [provider, ...others] = enabled;
  if (others.length > 0) {
    source.refuse(
      "letsEncrypt.providers",
      "has both DNS providers enabled, and the stack has one; disable the other",
    );
  }
  for (const name of listed.filter((name) => !enabled.includes(name))) {
    source.refuse(path.list, `names ${name}, but ${path[name]}.enabled is not true`);
  }
  dropUnused(source, enabled);
  if (provider === undefined || others.length > 0) {
    return {};
  }
  const translation =
    provider === "cloudflare" ? translateCloudflare(source) : translateGoogleCloud(source);
  if (zone === undefined) {
    source.refuse(
      path[provider],
      `does not say which zone its credential is for; add --zone ${zoneExample[provider]}`,
    );
  }
  return { ...translation, dns: { ...translation.dns, zone } };
}

const zoneExample = {
  cloudflare: "<the zone's name, such as example.com>",
  googleCloud: "<the managed zone's name, such as example-com>",
};

function listedProviders(source: RemainingValues): DnsProvider[] {
  const list = source.take(path.list) ?? [];
  if (!Array.isArray(list)) {
    source.refuse(path.list, "is not a list");
    return [];
  }
  const unknown = list.filter((name) => !(String(name) in providerNames));
  if (unknown.length > 0) {
    source.refuse(path.list, "has another name in it than cf and gcloud");
  } else if (list.length > 0) {
    source.dropped.push({
      path: path.list,
      why: "No chart since 12.1.3 reads it; the provider that is enabled counts",
    });
  }
  return list.flatMap((name) => providerNames[String(name)] ?? []);
}

/** Credentials that are not in use are no reason to keep them. */
function dropUnused(source: RemainingValues, enabled: readonly DnsProvider[]): void {
  for (const provider of ["cloudflare", "googleCloud"] as const) {
    if (!enabled.includes(provider)) {
      source.drop(path[provider], "It is not enabled");
    }
  }
}

function translateCloudflare(source: RemainingValues): DnsTranslation {
  const apiToken = source.text(`${path.cloudflare}.apiToken`)?.trim();
  if (apiToken === undefined || apiToken === "") {
    source.refuse(`${path.cloudflare}.apiToken`, "is missing");
  }
  return { dns: { provider: "cloudflare" }, credential: { "dns.apiToken": apiToken } };
}

function translateGoogleCloud(source: RemainingValues): DnsTranslation {
  const content = `${path.googleCloud}.serviceAccount.content`;
  const text = source.text(content);
  const key = projectKeyFile.safeParse(parseJson(text ?? ""));
  if (!key.success) {
    source.refuse(
      content,
      text === undefined || text.trim() === ""
        ? "is missing"
        : `is not the JSON key file of a service account (wrong: ${keyFileProblems(text).join(", ") || "project_id"})`,
    );
  }
  return {
    dns: { provider: "googleCloud", project: key.data?.project_id },
    credential: { "dns.serviceAccountKey": text },
  };
}
