import { RunError } from "@pulumi/pulumi";
import Cloudflare from "cloudflare";
import { cloudflareAnswer } from "../../dns/cloudflare/answer.ts";
import { namesOperator, operatorClient, tokenClient } from "../../dns/cloudflare/client.ts";
import {
  accountOf,
  zoneDefect,
  zoneServers,
  type CloudflareZone,
} from "../../dns/cloudflare/zone.ts";
import { dnsName, readableName } from "../../lib/dnsName.ts";
import { zoneContains } from "../../dns/zone.ts";
import { apiTokens } from "../../dns/cloudflare/tokens.ts";
import type { SeenAccess } from "../cloudAccess.ts";
import type { CreatedCredential } from "../expectation.ts";
import { NotAvailable } from "../finding.ts";
import type { CloudCredential, CredentialTarget, Lack } from "./credential.ts";
import { once } from "./once.ts";
import { proofFailure } from "./proofFailure.ts";

/** The data of a token apart from its value. */
export interface CloudflareTarget extends CredentialTarget {
  readonly created: CreatedCredential | undefined;
}

/** The permission groups that a challenge needs (go-acme/lego, providers/dns/cloudflare/cloudflare.toml). */
const neededGroups = ["Zone Read", "DNS Write"];

/** A Cloudflare API token. */
export function cloudflareCredential(
  content: string,
  { host, domain, created }: CloudflareTarget,
  { cloudflare: settings, hidden }: SeenAccess,
): CloudCredential {
  const own = tokenClient(content, settings.endpoint, { maxRetries: 1 });

  const zones = once(async () => {
    const all: CloudflareZone[] = [];
    for await (const found of own.zones.list({ per_page: 50 })) {
      all.push(found);
    }
    return all;
  });
  /** The zones with the longest name that contains the host: one, if all is well. */
  const nearest = once(async () => {
    const fitting = (await zones())
      .filter(({ name }) => zoneContains(name, host))
      .sort((a, b) => dnsName(b.name).length - dnsName(a.name).length);
    return fitting.filter(({ name }) => dnsName(name) === dnsName(fitting[0]?.name ?? ""));
  });
  const zone = async () => (await nearest())[0];
  const verify = async (accountId: string | undefined) => ({
    accountId,
    ...(accountId === undefined
      ? await own.user.tokens.verify()
      : await own.accounts.tokens.verify({ account_id: accountId })),
  });
  /** The token's id and expiry. Users and accounts have separate endpoints, which know only their own tokens. */
  const verified = once(async () => {
    if (created !== undefined) {
      return verify(created.accountId);
    }
    try {
      return await verify(undefined);
    } catch (error) {
      // A token of an account can access only the zones of that account.
      const accountId = error instanceof Cloudflare.APIError ? await accountOfZone() : undefined;
      if (accountId === undefined) {
        throw error;
      }
      return verify(accountId);
    }
  });
  const accountOfZone = async () => (await zone().catch(() => undefined))?.account?.id ?? undefined;
  /** The token as returned to its owner: the token has no permission to read itself. */
  const asOwner = once(async () => {
    if (!namesOperator(settings)) {
      throw new NotAvailable(
        hidden?.cloudflare ??
          "to read the token, set CLOUDFLARE_API_TOKEN with API Tokens Read, or Account API Tokens Read if an account owns the token",
      );
    }
    try {
      const owner = operatorClient(settings, { maxRetries: 1 });
      const { id, accountId } = await verified();
      return accountId === undefined
        ? await owner.user.tokens.get(id)
        : await owner.accounts.tokens.get(id, { account_id: accountId });
    } catch (error) {
      throw new NotAvailable(
        `the token cannot be read with your Cloudflare credential (${reasonOf(error)})`,
      );
    }
  });

  return {
    lacks: async () => {
      try {
        const found = await zone();
        if (found === undefined) {
          return [
            {
              expected: `Zone Read on the zone of ${host}`,
              seen: "the token cannot read such a zone",
            },
          ];
        }
        const same = await nearest();
        const where = same.map(accountOf).join(" and ");
        if (same.length > 1) {
          const seen = `the token can read ${same.length}, in ${where}: the issuer accepts none (ambiguous zone name)`;
          return [{ expected: `one zone ${readableName(found.name)}`, seen }];
        }
        const defect = zoneDefect(found);
        if (defect !== undefined) {
          return [{ expected: `an active zone ${readableName(found.name)}`, seen: defect }];
        }
        // Cloudflare does not report write permissions; a token that may write records may also read them.
        await own.dns.records.list({ zone_id: found.id, type: "TXT", per_page: 5 });
        return [];
      } catch (error) {
        return [lackOf(error)];
      }
    },
    excess: async () => {
      const others = (await unlessRefused(zones()))
        .map(({ name }) => name)
        .filter((name) => !zoneContains(name, host));
      const groups = (await asOwner().catch(noPolicies)).policies
        ?.flatMap(({ permission_groups }) => permission_groups)
        .map(({ name }) => name ?? "");
      return [
        ...others.map((name) => `read the zone ${name}`),
        ...[...new Set(groups)]
          .filter((name) => !neededGroups.includes(name))
          .map((name) => `use the permission ${name}`),
      ];
    },
    life: async () => {
      const { expires_on } = await unlessRefused(verified());
      try {
        const createdAt = created?.createdAt ?? (await asOwner()).issued_on;
        return { createdAt, expiresAt: expires_on };
      } catch (error) {
        // The expiry alone is sufficient for the check.
        if (error instanceof NotAvailable && expires_on !== undefined) {
          return { expiresAt: expires_on };
        }
        throw error;
      }
    },
    count: async () => {
      if (created?.owner === undefined) {
        throw new NotAvailable(
          "the stack uses a provided token, so other tokens of the stack cannot be identified",
        );
      }
      if (!namesOperator(settings) && hidden?.cloudflare !== undefined) {
        throw new NotAvailable(hidden.cloudflare);
      }
      const what = `tokens named ${created.owner}`;
      try {
        const tokens = await apiTokens(created.owner, created.accountId, settings).list();
        return { count: tokens.length, what };
      } catch (error) {
        throw new NotAvailable(
          `the ${what} cannot be listed with your credential (${reasonOf(error)})`,
        );
      }
    },
    zone: async () => {
      const found = await unlessRefused(zone());
      if (found === undefined) {
        throw new NotAvailable("the token cannot read its zone");
      }
      return { name: found.name, nameServers: zoneServers(found) };
    },
    prove: async () => {
      const name = (await unlessRefused(zone()))?.name ?? domain;
      const { proveCloudflareToken } = await import("../../dns/cloudflare/proof.ts");
      const { endpoint } = settings;
      return proofFailure((timeout) =>
        proveCloudflareToken(content, { host, domain, timeout, zone: name, endpoint }),
      );
    },
  };
}

/** Without the owner's credential only the token's own view is available. */
function noPolicies(error: unknown): { readonly policies: undefined } {
  if (error instanceof NotAvailable) {
    return { policies: undefined };
  }
  throw error;
}

async function unlessRefused<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw error instanceof Cloudflare.APIError ? new NotAvailable(cloudflareAnswer(error)) : error;
  }
}

/** Why a call failed, without any content of the request. */
function reasonOf(error: unknown): string {
  if (error instanceof Cloudflare.APIError) {
    return cloudflareAnswer(error);
  }
  // The error for a header that cannot be sent contains the whole header.
  return error instanceof RunError ? error.message : "the request could not be sent";
}

function lackOf(error: unknown): Lack {
  if (!(error instanceof Cloudflare.APIError)) {
    throw error;
  }
  const status = error.status as number | undefined;
  const messages = (error.errors ?? []).map(({ message }) => message ?? "");
  if (status === undefined || status >= 500 || status === 429) {
    throw new NotAvailable(cloudflareAnswer(error));
  }
  // Code 9109 means both an unknown token and one without the permission.
  const unknown =
    status === 401 || messages.some((text) => /invalid (access|api) token/i.test(text));
  return unknown
    ? {
        expected: "a token that Cloudflare accepts",
        seen: "Cloudflare refuses the token: it is deleted, expired, disabled or mistyped",
      }
    : {
        expected: "DNS Write on the zone",
        seen: `Cloudflare refuses to list the records (${status})`,
      };
}
