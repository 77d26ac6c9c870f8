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

/** A defect of the operator's credentials. Detected before a request is sent, since the error of the request would show them. */
interface Unusable {
  /** The sentence, without any value. */
  readonly problem: string;
  readonly command: ShellText;
}

/** The fields of an access that commands need. */
type CommandPlace = Pick<CloudflareAccess, "sources" | "stack">;

/** The usual sources of the fields, for an access without {@link Sources}. */
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

/** Google's own domain, the only one that the issuer's library supports (go-acme/lego, providers/dns/gcloud). */
const googleDomain = "googleapis.com";

/**
 * Refuses unusable credentials for Cloudflare.
 *
 * @throws RunError with a sentence and the command that fixes it; never with a credential
 */
export function refuseUnusableCloudflare(access: CloudflareAccess): void {
  const { apiToken, apiKey, email, userServiceKey, sources } = access;
  refuse([
    ...unsendable({ apiToken, apiKey, email, userServiceKey }, access),
    ...(apiKey !== undefined && email === undefined
      ? [
          {
            problem: `${sourceOf("apiKey", sources)} is the global API key of a user, but the user's e-mail address is missing`,
            command: sourceOf("apiKey", sources).includes(":")
              ? shell`pulumi config set -s ${stackOf(access)} cloudflare:email 'EMAIL'`
              : shell`export CLOUDFLARE_EMAIL='EMAIL'`,
          },
        ]
      : []),
  ]);
}

/**
 * Refuses unusable credentials for Google Cloud.
 *
 * @throws RunError with a sentence and the command that fixes it; never with a credential
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
        // The setting may be a file's path.
        accessToken: accessToken === undefined ? undefined : contentOf(accessToken),
        impersonateServiceAccount,
        quotaProject,
      },
      access,
    ),
    ...(missing.length > 0
      ? [
          {
            problem: `Fields of ${sourceOf("externalCredentials", sources)} are missing: ${missing.join(", ")}`,
            command: joined(
              missing.map((name) => {
                const set = shell`pulumi config set -s ${stackOf(access)} --secret --path 'gcp:externalCredentials.${name}'`;
                // Every user of the machine can read a command line.
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
            problem: `${sourceOf("universeDomain", sources)} is ${universeDomain}, but the provider can answer challenges only in Google's own domain (${googleDomain})`,
            command: removal(sourceOf("universeDomain", sources), access),
          },
        ]
      : []),
  ]);
}

/** Values with characters that an HTTP header cannot carry, and that no valid value has. */
function unsendable(
  fields: Readonly<Record<string, string | undefined>>,
  access: CommandPlace,
): readonly Unusable[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && !/^[\x21-\x7e]*$/.test(value))
    .map(([field]) => {
      const source = sourceOf(field, access.sources);
      return {
        problem: `${source} contains a line break, a blank or another character that cannot be sent`,
        command: source.includes(":")
          ? shell`pulumi config set -s ${stackOf(access)} --secret ${source}`
          : shell`export ${source}="$(printf %s "$${source}" | LC_ALL=C tr -cd '[:graph:]')"`,
      };
    });
}

/** The command that removes a setting of the stack or unsets a variable. */
export function removal(source: string, access: CommandPlace): ShellText {
  return source.includes(":")
    ? shell`pulumi config rm -s ${stackOf(access)} ${source}`
    : shell`unset ${source}`;
}

function stackOf({ stack }: CommandPlace): ShellValue {
  return stack ?? placeholder("stack");
}

/** The source of a field: a setting of the stack or a variable. */
export function sourceOf(field: string, sources: Sources | undefined): string {
  return sources?.[field] ?? usualSources[field] ?? field;
}

function refuse(found: readonly Unusable[]): void {
  if (found.length > 0) {
    const lines = found.map(({ problem, command }) => `${problem}.\n      ${command}`);
    throw new RunError(lines.join("\n"));
  }
}
