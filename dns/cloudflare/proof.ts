import Cloudflare from "cloudflare";
import { cloudflareAnswer, isLate } from "./answer.ts";
import { explained } from "../calls.ts";
import { tokenClient } from "./client.ts";
import { dnsName } from "../../lib/dnsName.ts";
import { zoneContains } from "../zone.ts";
import { accountOf, zoneDefect, zoneServers, type CloudflareZone } from "./zone.ts";
import {
  NotYetError,
  ProofError,
  proofRecord,
  retryUntilTimeout,
  writeReadDelete,
  type ProofTarget,
} from "../proof.ts";

/** The target of the proof of an API token. */
export interface CloudflareProofTarget extends ProofTarget {
  /** Name of the zone. */
  readonly zone: string;
  /** Id of the zone, where several have the name. Default: the zone of the name. */
  readonly zoneId?: string | undefined;
  /** Endpoint of the API. Default: Cloudflare's own. */
  readonly endpoint?: string | undefined;
  /** Time limit of each call, in milliseconds. Default: that of every request. */
  readonly requestTimeout?: number | undefined;
}

/** https://datatracker.ietf.org/doc/html/rfc6750#section-2.1 */
const bearerToken = /^[\w.~+/-]+=*$/;

/**
 * Proves that an API token can answer a challenge: finds the zone by name, as lego does, and writes, reads back and deletes
 * a TXT record in the zone.
 *
 * @param token the API token
 * @param target the zone and the host
 * @throws ProofError with a sentence that names the missing permission or zone
 */
export async function proveCloudflareToken(
  token: string,
  target: CloudflareProofTarget,
): Promise<void> {
  const { zone, host, endpoint } = target;
  if (!zoneContains(zone, host)) {
    throw new ProofError(`The Cloudflare zone ${zone} cannot hold ${host}`);
  }
  const apiToken = token.trim();
  // The error for a header that cannot be sent contains the header.
  if (!bearerToken.test(apiToken)) {
    throw new ProofError("The Cloudflare token contains spaces or characters that no token has");
  }
  const client = tokenClient(apiToken, endpoint, {
    maxRetries: 0,
    timeout: target.requestTimeout,
  });
  await retryUntilTimeout(target.timeout, () => attempt(client, target));
}

async function attempt(client: Cloudflare, target: CloudflareProofTarget): Promise<void> {
  const calling = <T>(permission: string, call: () => Promise<T>) =>
    explained((error) => explain(error, permission, target.zone), call);
  const zones = await calling("Zone Read", async () => {
    const found: CloudflareZone[] = [];
    // lego lists zones by this name, in the form of DNS.
    for await (const zone of client.zones.list({ name: dnsName(target.zone), per_page: 50 })) {
      found.push(zone);
    }
    return found.filter(({ name }) => dnsName(name) === dnsName(target.zone));
  });
  const [zone, ...others] = zones;
  if (zone === undefined) {
    throw new NotYetError(
      `The token cannot read the zone ${target.zone}: it needs the permission Zone Read on that zone`,
    );
  }
  if (others.length > 0) {
    throw new ProofError(
      `The token can read ${zones.length} zones ${target.zone}, in ${zones.map(accountOf).join(" and ")}, and the issuer rejects several zones of one name (ambiguous zone name). ` +
        "Restrict the token to the zone that DNS delegates to",
    );
  }
  if (target.zoneId !== undefined && target.zoneId !== zone.id) {
    throw new ProofError(
      `The token can read the zone ${target.zone} with the id ${zone.id}, in ${accountOf(zone)}, but dns.zoneId is ${target.zoneId}`,
    );
  }
  const defect = zoneDefect(zone);
  if (defect !== undefined) {
    throw new ProofError(defect);
  }
  await target.compare?.({ name: zone.name, nameServers: zoneServers(zone) });
  const zone_id = zone.id;
  const name = proofRecord(target, target.zone);
  const { records } = client.dns;
  const writing = <T>(call: () => Promise<T>) => calling("DNS Write", call);
  const remove = async (found: readonly { readonly id: string }[]) => {
    for (const { id } of found) {
      await writing(() => records.delete(id, { zone_id }));
    }
  };
  await writeReadDelete({
    name,
    find: () =>
      writing(async () => {
        const found: { readonly id: string; readonly content?: string }[] = [];
        for await (const record of records.list({ zone_id, type: "TXT", name: { exact: name } })) {
          found.push(record);
        }
        return found;
      }),
    write: async (content, leftover) => {
      await remove(leftover);
      await writing(() => records.create({ zone_id, type: "TXT", name, content, ttl: 60 }));
    },
    holds: (record, content) => record.content === content,
    remove,
  });
}

const malformedToken = 6003;

function explain(error: unknown, permission: string, zone: string): Error {
  if (!(error instanceof Cloudflare.APIError)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  if (isLate(error)) {
    // A retry would wait as long again.
    return new ProofError(cloudflareAnswer(error));
  }
  const status = error.status as number | undefined;
  const errors = error.errors ?? [];
  const codes = errors.map(({ code }) => code);
  if (errors.some(({ message }) => /from location/i.test(message ?? ""))) {
    return new ProofError(
      "Cloudflare accepts the token only from other addresses: add the address of the machine that runs Pulumi to dns.allowedIps, since the proof runs there",
    );
  }
  // Cloudflare uses one code, 9109, for an unknown token and for a missing permission.
  const unknown = errors.some(({ message }) => /invalid (access|api) token/i.test(message ?? ""));
  if (status === 401 || unknown || codes.includes(malformedToken)) {
    return new NotYetError(
      "Cloudflare does not accept the token: it is deleted, expired or mistyped",
    );
  }
  if (status === 403) {
    return new NotYetError(`The token lacks the permission ${permission} on the zone ${zone}`);
  }
  return new NotYetError(cloudflareAnswer(error), error.headers as Headers | undefined);
}
