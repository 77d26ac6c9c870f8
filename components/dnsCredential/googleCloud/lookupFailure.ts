import { getStack } from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../../../dns/access.ts";
import { logIn } from "../../../dns/googleCloud/logIn.ts";
import { sourceOf } from "../../../dns/unusable.ts";
import type { Explanation } from "../lookup.ts";
import { shell } from "../../../lib/shell.ts";

/**
 * Explains Google's refusals to list a project's managed zones, from the error texts of the plugin and of the program's own
 * calls. The latter (dns/googleCloud/answer.ts) explain everything but a missing role themselves.
 *
 * @param project id of the project
 * @param access endpoints and identity of the lookup
 * @see https://cloud.google.com/dns/docs/reference/rest/v1/managedZones/list
 */
export function explainGoogleCloud(project: string, access: GoogleCloudAccess): Explanation {
  const login = `\n      ${logIn(access)}`;
  const giveKey = shell`pulumi config set -s ${getStack()} --secret gcp:credentials < key.json`;
  const tokenSource = sourceOf("accessToken", access.sources);
  // The stack takes precedence over the environment.
  const newToken = tokenSource.includes(":")
    ? shell`gcloud auth print-access-token | pulumi config set -s ${getStack()} --secret ${tokenSource}`
    : shell`export ${tokenSource}="$(gcloud auth print-access-token)"`;
  const usual: readonly (readonly [words: RegExp, sentence: string])[] = [
    [
      /computeMetadata|could not (?:find|load the) default credentials|No credentials loaded/i,
      `Pulumi has no credentials for Google, and this machine has no metadata server that issues them. Log in, or set a service account's key in the stack (${giveKey}):${login}`,
    ],
    [
      /invalid_grant|invalid_rapt|invalid_client|cannot fetch token: 40\d/,
      `Google rejects Pulumi's credentials: the login has expired, or the key was deleted. Log in again, or set another key in the stack (${giveKey}):${login}`,
    ],
    [
      /(?:Error|responds with) 401\b/,
      `Google rejects Pulumi's access token (${tokenSource}), which expires after an hour.\n      ${newToken}`,
    ],
    [
      /accessNotConfigured|SERVICE_DISABLED|has not been used in project/,
      `Cloud DNS is not enabled in the project.\n      ${shell`gcloud services enable dns.googleapis.com iam.googleapis.com --project ${project}`}`,
    ],
    [
      /(?:Error|responds with) 403\b(?!.*: (?:the API|the constraint|you may not act as) )/,
      `Pulumi's identity at Google may not list the zones, or the project does not exist. The identity needs roles/dns.admin in the project, and the further permissions in docs/challenges.md:\n      ${shell`gcloud projects add-iam-policy-binding ${project} --role roles/dns.admin --member "user:$(gcloud config get-value account)"`}`,
    ],
    [
      /(?:Error|responds with) (?:400|404)\b/,
      `the project does not exist. Set the project's id, which may differ from its name and is not its number (gcloud projects list):\n      ${shell`pulumi config set -s ${getStack()} --path dns.project "$(gcloud config get-value project)"`}`,
    ],
  ];
  return (words) => usual.find(([known]) => known.test(words))?.[1];
}
