import { getStack } from "@pulumi/pulumi";
import { fullTokenList, operatorNeeds } from "../../../dns/cloudflare/permissions.ts";
import type { Explanation } from "../lookup.ts";
import { shell, type ShellText } from "../../../lib/shell.ts";

/** The failed lookup. */
export interface CloudflareLookup {
  /** Name of the zone, in a lookup of a zone. */
  readonly zone?: string;
  /** The zone's id, in a lookup by id. */
  readonly zoneId?: string | undefined;
  /** The provider's domain. */
  readonly domain?: string;
  /** Id of the account, in a lookup within one. */
  readonly accountId?: string | undefined;
}

/** Cloudflare's response for the id of no zone, or of one that the token cannot access. */
const noSuchZone = /"code":(?:1001|7003)\b|\b(?:403 Forbidden|404 Not Found)\b(?!\s*<)/;

/**
 * Explains Cloudflare's refusals. Cloudflare does not document the codes; they are from its responses.
 *
 * @param lookup the failed lookup
 */
export function explainCloudflare(lookup: CloudflareLookup): Explanation {
  const { zone, zoneId, domain, accountId } = lookup;
  const set = shell`pulumi config set -s ${getStack()}`;
  const setToken = `\n      ${set} --secret cloudflare:apiToken`;
  const needs = operatorNeeds(accountId);
  const setAccount = `\n      ${set} --path dns.accountId "$CLOUDFLARE_ACCOUNT_ID"`;
  const otherId =
    "Pulumi's token can read no zone with this id. Either the zone has another id, which its overview page shows, or the token lacks " +
    `Zone → Zone → Read on the zone. Without the setting, the zone is found by its name:\n      ${shell`pulumi config rm -s ${getStack()} --path dns.zoneId`}`;
  const usual: readonly (readonly [words: RegExp, sentence: string])[] = [
    [
      /Missing X-Auth-Key/,
      `Pulumi has no credential for Cloudflare. Create an API token with ${needs} (https://dash.cloudflare.com/profile/api-tokens), and set it in the stack, or in the environment as CLOUDFLARE_API_TOKEN:${setToken}`,
    ],
    [
      /"code":(?:6003|6111)\b/,
      `Pulumi's credential for Cloudflare is malformed. Set the API token as Cloudflare has shown it:${setToken}`,
    ],
    [
      /"code":9103\b/,
      `Cloudflare does not know Pulumi's global API key and e-mail address (CLOUDFLARE_API_KEY, CLOUDFLARE_EMAIL). A token with ${needs} is sufficient:${setToken}`,
    ],
    [
      /Cannot use the access token from location/,
      "Pulumi's token may not be used from this machine's address: add the address to the token's Client IP Address Filtering (https://dash.cloudflare.com/profile/api-tokens), or run Pulumi on a machine with an allowed address.",
    ],
    [
      /Invalid access token|"code":1000\b/,
      `Cloudflare does not know Pulumi's token: the token is mistyped, expired or revoked. Set another token in the stack:${setToken}`,
    ],
    [
      /failed to find exactly one result: 0 found/,
      `Pulumi's token can read no zone of this name${accountId === undefined ? "" : ` in account ${accountId}`}. Either the zone has another name, or the token lacks Zone → Zone → Read on the zone.${otherZone(set, zone, domain) ?? setToken}`,
    ],
    [
      /failed to find exactly one result: \d+ found/,
      `more than one account has a zone of this name. Set the account:${setAccount}`,
    ],
    ...(zoneId === undefined ? [] : [[noSuchZone, otherId] as const]),
    [
      /"code":7003\b/,
      `Cloudflare has no account ${accountId ?? ""}. Copy the account's id from the URL of its dashboard:${setAccount}`,
    ],
    // Cloudflare documents the limit, but not the error for a reached limit.
    [
      /": 40[03] .*"message":"[^"]*(?:(?:maximum|limit|quota|too many)[^"]*\btokens?\b|\btokens?\b[^"]*(?:maximum|limit|quota|too many))/i,
      fullTokenList(accountId),
    ],
    [
      /\b401 Unauthorized/,
      `Cloudflare rejects Pulumi's token: the token is mistyped, expired or revoked, or lacks a permission. It needs ${needs} (https://dash.cloudflare.com/profile/api-tokens):${setToken}`,
    ],
    [/\b403 Forbidden(?!\s*<)/, lackingToken(needs)],
  ];
  return (words) => usual.find(([known]) => known.test(words))?.[1];
}

/**
 * The message that Pulumi's token lacks a permission, and its remedy.
 *
 * @param needs the missing permission, or all permissions of the token, as in the dashboard
 */
export function lackingToken(needs: string): string {
  return (
    `Pulumi's token lacks a permission: it needs ${needs}. Add the permission (https://dash.cloudflare.com/profile/api-tokens), ` +
    `or set another token in the stack:\n      ${shell`pulumi config set -s ${getStack()} --secret cloudflare:apiToken`}`
  );
}

/** The command that sets the other zone that may contain the domain, if any. */
function otherZone(set: ShellText, zone = "", domain = zone): string | undefined {
  const other = zone === domain ? domain.replace(/^[^.]+\./, "") : domain;
  return other.includes(".") && other !== zone
    ? `\n      ${set} ${shell`--path dns.zone ${other}`}`
    : undefined;
}
