import { getStack } from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../../../dns/access.ts";
import { logIn } from "../../../dns/googleCloud/logIn.ts";
import { sourceOf } from "../../../dns/unusable.ts";
import type { Explanation } from "../lookup.ts";
import { shell } from "../../../lib/shell.ts";

/**
 * What Google's refusals of a look at a project's managed zones mean: in the words of its plugin, and in those for the
 * program's own calls (dns/googleCloud/answer.ts), which say themselves what is more than a missing role.
 *
 * @param project id of the project
 * @param access how Google was reached
 * @see https://cloud.google.com/dns/docs/reference/rest/v1/managedZones/list
 */
export function explainGoogleCloud(project: string, access: GoogleCloudAccess): Explanation {
  const login = `\n      ${logIn(access)}`;
  const giveKey = shell`pulumi config set -s ${getStack()} --secret gcp:credentials < key.json`;
  const tokenSource = sourceOf("accessToken", access.sources);
  // What the stack names counts before the environment.
  const newToken = tokenSource.includes(":")
    ? shell`gcloud auth print-access-token | pulumi config set -s ${getStack()} --secret ${tokenSource}`
    : shell`export ${tokenSource}="$(gcloud auth print-access-token)"`;
  const usual: readonly (readonly [words: RegExp, sentence: string])[] = [
    [
      /computeMetadata|could not (?:find|load the) default credentials|No credentials loaded/i,
      `Pulumi has no credentials for Google, and this machine has no metadata server that gives some. Log in, or give the stack a service account's key (${giveKey}):${login}`,
    ],
    [
      /invalid_grant|invalid_rapt|invalid_client|cannot fetch token: 40\d/,
      `Google no longer takes the credentials that Pulumi has: the login has expired, or the key was deleted. Log in again, or give the stack another key (${giveKey}):${login}`,
    ],
    [
      /(?:Error|answers) 401\b/,
      `Google does not take the access token that Pulumi has (${tokenSource}): one lasts an hour.\n      ${newToken}`,
    ],
    [
      /accessNotConfigured|SERVICE_DISABLED|has not been used in project/,
      `Cloud DNS is not switched on in the project.\n      ${shell`gcloud services enable dns.googleapis.com iam.googleapis.com --project ${project}`}`,
    ],
    [
      /(?:Error|answers) 403\b(?!.*: (?:the API|the constraint|you may not act as) )/,
      `who Pulumi is at Google may not list the zones, or there is no such project. It needs roles/dns.admin there, and what the README says besides:\n      ${shell`gcloud projects add-iam-policy-binding ${project} --role roles/dns.admin --member "user:$(gcloud config get-value account)"`}`,
    ],
    [
      /(?:Error|answers) (?:400|404)\b/,
      `there is no such project. Take the id, which may differ from the name and is not the number (gcloud projects list):\n      ${shell`pulumi config set -s ${getStack()} --path dns.project "$(gcloud config get-value project)"`}`,
    ],
  ];
  return (words) => usual.find(([known]) => known.test(words))?.[1];
}
