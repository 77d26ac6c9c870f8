import { lt } from "semver";
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

/** The valid names in `letsEncrypt.dns.providers`: those of the issuer, and those that some tools wrote instead. */
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

/** A key file that also contains its project, as in Google's files. */
const projectKeyFile = keyFile.extend({ project_id: z.string().min(1) });

/**
 * Translates the DNS provider and its credential, in the form of charts since 12.0.0: the enabled provider is in use, and
 * up to 12.1.2 its name was also in the list `letsEncrypt.dns.providers`.
 *
 * @param source the remaining values of the file
 * @param zone the zone that the credential is for
 * @param deployedChart version of the chart that the file was for
 */
export function translateDns(
  source: RemainingValues,
  zone: string | undefined,
  deployedChart: string,
): DnsTranslation {
  const enabled = (["cloudflare", "googleCloud"] as const).filter(
    (provider) => source.flag(`${path[provider]}.enabled`) === true,
  );
  const isListRead = lt(deployedChart, firstWithoutList);
  const listed = listedProviders(source, isListRead);
  // A chart that reads the list uses its provider, and only mounts the credentials of the enabled ones.
  const used =
    enabled.length > 1 && listed.length === 1
      ? enabled.filter((name) => listed.includes(name))
      : enabled;
  const [provider, ...others] = used;
  for (const other of others) {
    source.take(path[other]);
    source.dropped.push({
      path: path[other],
      why: `The stack has one DNS provider, and the chart uses ${path.cloudflare}`,
    });
  }
  for (const name of listed.filter((name) => !enabled.includes(name))) {
    source.refuse(path.list, `names ${name}, but ${path[name]}.enabled is not true`);
  }
  dropUnused(source, used);
  if (provider === undefined) {
    return {};
  }
  const translation =
    provider === "cloudflare" ? translateCloudflare(source) : translateGoogleCloud(source);
  if (zone === undefined) {
    source.refuse(
      path[provider],
      `does not name the zone of its credential; add --zone ${zoneExample[provider]}`,
    );
  }
  return { ...translation, dns: { ...translation.dns, zone } };
}

/** The first chart that does not read the list (akash-network/helm-charts #454). */
const firstWithoutList = "12.1.3";

const zoneExample = {
  cloudflare: "'ZONE', the zone's name, such as example.com",
  googleCloud: "'ZONE', the managed zone's name, such as example-com",
};

function listedProviders(source: RemainingValues, isRead: boolean): DnsProvider[] {
  const value = source.take(path.list) ?? [];
  // The chart's `join` treats a text like a list with that text.
  const list: unknown = typeof value === "string" ? [value] : value;
  if (!isRead) {
    if (!Array.isArray(list) || list.length > 0) {
      source.dropped.push({ path: path.list, why: noLongerRead });
    }
    return [];
  }
  if (!Array.isArray(list)) {
    source.refuse(path.list, "is not a list");
    return [];
  }
  const unknown = list.filter((name) => !(String(name) in providerNames));
  if (unknown.length > 0) {
    source.refuse(path.list, "contains a name other than cf and gcloud");
  } else if (list.length > 0) {
    source.dropped.push({ path: path.list, why: noLongerRead });
  }
  return list.flatMap((name) => providerNames[String(name)] ?? []);
}

const noLongerRead = "No chart since 12.1.3 reads the value; the enabled provider is used";

/** Drops the credentials that are not in use. */
function dropUnused(source: RemainingValues, enabled: readonly DnsProvider[]): void {
  for (const provider of ["cloudflare", "googleCloud"] as const) {
    if (!enabled.includes(provider)) {
      source.drop(path[provider], "The DNS provider is not enabled");
    }
  }
}

function translateCloudflare(source: RemainingValues): DnsTranslation {
  const apiToken = source.text(`${path.cloudflare}.apiToken`)?.trim();
  if (apiToken === undefined) {
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
      text === undefined
        ? "is missing"
        : `is not the JSON key file of a service account (wrong: ${keyFileProblems(text).join(", ") || "project_id"})`,
    );
  }
  return {
    dns: { provider: "googleCloud", project: key.data?.project_id },
    credential: { "dns.serviceAccountKey": text },
  };
}
