import { getStack } from "@pulumi/pulumi";
import { fullTokenList, operatorNeeds } from "../../../dns/cloudflare/permissions.ts";
import type { Explanation } from "../lookup.ts";
import { shell, type ShellText } from "../../../lib/shell.ts";

/** What was looked up. */
export interface CloudflareLookup {
  /** Name of the zone, where it was the zone. */
  readonly zone?: string;
  /** The zone's id, where it was looked up by that. */
  readonly zoneId?: string | undefined;
  /** The provider's domain. */
  readonly domain?: string;
  /** Id of the account, where the lookup was restricted to one. */
  readonly accountId?: string | undefined;
}

/** How it answers for an id that no zone has, or one that the token does not reach. */
const noSuchZone = /"code":(?:1001|7003)\b|\b(?:403 Forbidden|404 Not Found)\b(?!\s*<)/;

/**
 * What Cloudflare's refusals mean. The codes are not listed by Cloudflare; they are those of its answers.
 *
 * @param lookup what was looked up
 */
export function explainCloudflare(lookup: CloudflareLookup): Explanation {
  const { zone, zoneId, domain, accountId } = lookup;
  const set = shell`pulumi config set -s ${getStack()}`;
  const setToken = `\n      ${set} --secret cloudflare:apiToken`;
  const needs = operatorNeeds(accountId);
  const setAccount = `\n      ${set} --path dns.accountId "$CLOUDFLARE_ACCOUNT_ID"`;
  const otherId =
    "the token that Pulumi has sees no zone with this id. Either the zone has another id, which its overview page shows, or the token lacks " +
    `Zone → Zone → Read on it. Without the setting, it is the zone of the name:\n      ${shell`pulumi config rm -s ${getStack()} --path dns.zoneId`}`;
  const usual: readonly (readonly [words: RegExp, sentence: string])[] = [
    [
      /Missing X-Auth-Key/,
      `Pulumi has no credential for Cloudflare. Make an API token with ${needs} (https://dash.cloudflare.com/profile/api-tokens), and give it to the stack, or to the environment as CLOUDFLARE_API_TOKEN:${setToken}`,
    ],
    [
      /"code":(?:6003|6111)\b/,
      `what Pulumi has for Cloudflare is not in the form of a credential. Give it the API token as Cloudflare has shown it:${setToken}`,
    ],
    [
      /"code":9103\b/,
      `Cloudflare does not know the global API key and e-mail address that Pulumi has (CLOUDFLARE_API_KEY, CLOUDFLARE_EMAIL). A token with ${needs} is enough:${setToken}`,
    ],
    [
      /Cannot use the access token from location/,
      "the token that Pulumi has may not be used from this machine's address: widen its Client IP Address Filtering (https://dash.cloudflare.com/profile/api-tokens), or run Pulumi from where it may.",
    ],
    [
      /Invalid access token|"code":1000\b/,
      `Cloudflare does not know the token that Pulumi has: it is mistyped, expired or revoked. Give the stack another one:${setToken}`,
    ],
    [
      /failed to find exactly one result: 0 found/,
      `the token that Pulumi has sees no zone of this name${accountId === undefined ? "" : ` in account ${accountId}`}. Either the zone has another name, or the token lacks Zone → Zone → Read on it.${otherZone(set, zone, domain) ?? setToken}`,
    ],
    [
      /failed to find exactly one result: \d+ found/,
      `more than one account has a zone of this name. Say which account it is:${setAccount}`,
    ],
    ...(zoneId === undefined ? [] : [[noSuchZone, otherId] as const]),
    [
      /"code":7003\b/,
      `Cloudflare has no account ${accountId ?? ""}. Take its id from the address of the account's page:${setAccount}`,
    ],
    // Cloudflare documents the limit, and not how it says that it is reached.
    [
      /": 40[03] .*"message":"[^"]*(?:(?:maximum|limit|quota|too many)[^"]*\btokens?\b|\btokens?\b[^"]*(?:maximum|limit|quota|too many))/i,
      fullTokenList(accountId),
    ],
    [
      /\b401 Unauthorized/,
      `Cloudflare does not take the token that Pulumi has: it is mistyped, expired or revoked, or lacks a permission. It needs ${needs} (https://dash.cloudflare.com/profile/api-tokens):${setToken}`,
    ],
    [/\b403 Forbidden(?!\s*<)/, lackingToken(needs)],
  ];
  return (words) => usual.find(([known]) => known.test(words))?.[1];
}

/**
 * That the operator's token lacks a permission, and what mends it.
 *
 * @param needs the permission, or all that it needs, as the dashboard shows it
 */
export function lackingToken(needs: string): string {
  return (
    `the token that Pulumi has lacks a permission: it needs ${needs}. Add it (https://dash.cloudflare.com/profile/api-tokens), ` +
    `or give the stack another token:\n      ${shell`pulumi config set -s ${getStack()} --secret cloudflare:apiToken`}`
  );
}

/** The command that tries the zone in which the domain would be otherwise, where there is one. */
function otherZone(set: ShellText, zone = "", domain = zone): string | undefined {
  const other = zone === domain ? domain.replace(/^[^.]+\./, "") : domain;
  return other.includes(".") && other !== zone
    ? `\n      ${set} ${shell`--path dns.zone ${other}`}`
    : undefined;
}
