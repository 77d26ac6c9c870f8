import { RunError } from "@pulumi/pulumi";
import type { CloudflareAccess, GoogleCloudAccess, Sources } from "./access.ts";
import { contentOf } from "./pathOrContent.ts";
import {
  joined,
  placeholder,
  shell,
  verbatim,
  type ShellText,
  type ShellValue,
} from "../lib/shell.ts";

/** What keeps an operator's access from being used: found before a request is made, whose error would show it. */
interface Unusable {
  /** The sentence. It shows no value. */
  readonly problem: string;
  readonly command: ShellText;
}

/** What a command needs to know of an access. */
type CommandPlace = Pick<CloudflareAccess, "sources" | "stack">;

/** The settings and variables of the fields, for access that does not say where it was found. */
const usualSources: Readonly<Record<string, string>> = {
  accessToken: "GOOGLE_OAUTH_ACCESS_TOKEN",
  credentials: "GOOGLE_CREDENTIALS",
  impersonateServiceAccount: "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
  quotaProject: "GOOGLE_BILLING_PROJECT",
  externalCredentials: "gcp:externalCredentials",
  universeDomain: "gcp:universeDomain",
  apiToken: "CLOUDFLARE_API_TOKEN",
  apiKey: "CLOUDFLARE_API_KEY",
  email: "CLOUDFLARE_EMAIL",
  userServiceKey: "CLOUDFLARE_API_USER_SERVICE_KEY",
};

/** Google's own domain, the only one that the issuer's library writes to (go-acme/lego, providers/dns/gcloud). */
const googleDomain = "googleapis.com";

/**
 * Refuses an access to Cloudflare that cannot be used.
 *
 * @throws RunError with a sentence and the command that mends it; never with a credential
 */
export function refuseUnusableCloudflare(access: CloudflareAccess): void {
  const { apiToken, apiKey, email, userServiceKey, sources } = access;
  refuse([
    ...unsendable({ apiToken, apiKey, email, userServiceKey }, access),
    ...(apiKey !== undefined && email === undefined
      ? [
          {
            problem: `${sourceOf("apiKey", sources)} is the global API key of a user, and which user is not said`,
            command: sourceOf("apiKey", sources).includes(":")
              ? shell`pulumi config set -s ${stackOf(access)} cloudflare:email 'EMAIL'`
              : shell`export CLOUDFLARE_EMAIL='EMAIL'`,
          },
        ]
      : []),
  ]);
}

/**
 * Refuses an access to Google that cannot be used.
 *
 * @throws RunError with a sentence and the command that mends it; never with a credential
 */
export function refuseUnusableGoogleCloud(access: GoogleCloudAccess): void {
  const { accessToken, impersonateServiceAccount, quotaProject, sources } = access;
  const { externalCredentials, universeDomain } = access;
  const missing = Object.entries(externalCredentials ?? {})
    .filter(([, value]) => value === "")
    .map(([name]) => name);
  refuse([
    ...unsendable(
      {
        // It may be a file's path, too.
        accessToken: accessToken === undefined ? undefined : contentOf(accessToken),
        impersonateServiceAccount,
        quotaProject,
      },
      access,
    ),
    ...(missing.length > 0
      ? [
          {
            problem: `${sourceOf("externalCredentials", sources)} lacks ${missing.join(", ")}`,
            command: joined(
              missing.map((name) => {
                const set = shell`pulumi config set -s ${stackOf(access)} --secret --path 'gcp:externalCredentials.${name}'`;
                // What is on a command line every user of the machine can see.
                return name === "identityToken"
                  ? shell`${verbatim(set)} < token.jwt`
                  : shell`${verbatim(set)} 'VALUE'`;
              }),
              "\n      ",
            ),
          },
        ]
      : []),
    ...(universeDomain !== undefined && universeDomain !== googleDomain
      ? [
          {
            problem: `${sourceOf("universeDomain", sources)} is ${universeDomain}, but the provider answers challenges in Google's own cloud (${googleDomain}) alone`,
            command: removal(sourceOf("universeDomain", sources), access),
          },
        ]
      : []),
  ]);
}

/** What no header of a request can carry, and what no value of these fields has. */
function unsendable(
  fields: Readonly<Record<string, string | undefined>>,
  access: CommandPlace,
): readonly Unusable[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && !/^[\x21-\x7e]*$/.test(value))
    .map(([field]) => {
      const source = sourceOf(field, access.sources);
      return {
        problem: `${source} has a line break, a blank or another character in it that cannot be sent`,
        command: source.includes(":")
          ? shell`pulumi config set -s ${stackOf(access)} --secret ${source}`
          : shell`export ${source}="$(printf %s "$${source}" | LC_ALL=C tr -cd '[:graph:]')"`,
      };
    });
}

/** The command that takes away what a setting of the stack, or a variable, says. */
export function removal(source: string, access: CommandPlace): ShellText {
  return source.includes(":")
    ? shell`pulumi config rm -s ${stackOf(access)} ${source}`
    : shell`unset ${source}`;
}

function stackOf({ stack }: CommandPlace): ShellValue {
  return stack ?? placeholder("stack");
}

/** The setting of the stack, or the variable, that says a field of an access. */
export function sourceOf(field: string, sources: Sources | undefined): string {
  return sources?.[field] ?? usualSources[field] ?? field;
}

function refuse(found: readonly Unusable[]): void {
  if (found.length > 0) {
    const lines = found.map(({ problem, command }) => `${problem}.\n      ${command}`);
    throw new RunError(lines.join("\n"));
  }
}
