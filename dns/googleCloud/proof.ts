import { setTimeout as delay } from "node:timers/promises";
import { gaxios, type JWT } from "google-auth-library";
import { zoneContains } from "../zone.ts";
import { parseJson } from "../../lib/json.ts";
import { explained } from "../calls.ts";
import { clockProblem, googleCloudAnswer } from "./answer.ts";
import { keyClient } from "./client.ts";
import { keyFile, keyFileProblems, type KeyFile } from "./keyFile.ts";
import { defaultDnsRole } from "./permissions.ts";
import { deniedPermission } from "./refusal.ts";
import { isLate } from "./transport.ts";
import { googleDns, type ManagedZone } from "./zones.ts";
import {
  NotYetError,
  ProofError,
  proofRecord,
  retryUntilTimeout,
  writeReadDelete,
  type ProofTarget,
} from "../proof.ts";

/** The target of the proof of a service account's key. */
export interface GoogleCloudProofTarget extends ProofTarget {
  readonly project: string;
  /** Name of the managed zone. */
  readonly zone: string;
  /** Endpoint of Cloud DNS, with version and trailing slash. Default: Google's own. */
  readonly endpoint?: string | undefined;
  /** Time limit of each call, in milliseconds. Default: that of every request. */
  readonly requestTimeout?: number | undefined;
}

/** The scope of the calls (https://developers.google.com/identity/protocols/oauth2/scopes#dns). */
const scope = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";

/**
 * Proves that a service account's key can answer a challenge: reads the managed zone, and writes, reads back and deletes a
 * TXT record in the zone.
 *
 * @param content the key file's JSON
 * @param target the zone and the host
 * @throws ProofError with a sentence that names the missing permission or zone
 */
export async function proveGoogleCloudKey(
  content: string,
  target: GoogleCloudProofTarget,
): Promise<void> {
  const key = parseKeyFile(content);
  const zone = new Zone(key, target);
  await retryUntilTimeout(target.timeout, () => zone.attempt());
}

function parseKeyFile(content: string): KeyFile {
  const wrong = keyFileProblems(content);
  if (wrong.length > 0) {
    throw new ProofError(
      `The Google credential is not a service account's key file (wrong: ${wrong.join(", ")})`,
    );
  }
  return keyFile.parse(parseJson(content));
}

/** How long lego waits for a change, and the pause between two checks, in milliseconds. */
const changePatience = 30_000;
const changePause = 500;

/** A change of record sets (https://cloud.google.com/dns/docs/reference/rest/v1/changes). */
interface Change {
  readonly id: string;
  readonly status: "pending" | "done";
}

interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

/** The proof's steps on one managed zone (https://cloud.google.com/dns/docs/reference/rest/v1). */
class Zone {
  private readonly key: KeyFile;
  private readonly target: GoogleCloudProofTarget;
  private readonly client: JWT;

  constructor(key: KeyFile, target: GoogleCloudProofTarget) {
    this.key = key;
    this.target = target;
    this.client = keyClient(key, [scope], target.requestTimeout);
  }

  async attempt(): Promise<void> {
    const name = `${proofRecord(this.target, await this.readZone())}.`;
    await writeReadDelete<RecordSet>({
      name,
      find: () => this.find(name),
      write: (content, leftover) =>
        this.change({
          additions: [{ name, type: "TXT", ttl: 60, rrdatas: [content] }],
          deletions: leftover,
        }),
      holds: ({ rrdatas }, content) => rrdatas.includes(content),
      remove: (found) => this.change({ additions: [], deletions: found }),
    });
  }

  /** The zone's DNS name. */
  private async readZone(): Promise<string> {
    const {
      dnsName,
      visibility = "public",
      nameServers = [],
    } = await this.request<ManagedZone>("dns.managedZones.get", { url: "" });
    if (!zoneContains(dnsName, this.target.host)) {
      throw new ProofError(
        `The managed zone ${this.target.zone} is for ${dnsName} and cannot hold ${this.target.host}`,
      );
    }
    if (visibility !== "public") {
      throw new ProofError(
        `The managed zone ${this.target.zone} is ${visibility}: the CA cannot read its records`,
      );
    }
    await this.target.compare?.({ name: dnsName, nameServers });
    return dnsName;
  }

  private async find(name: string): Promise<readonly RecordSet[]> {
    const { rrsets } = await this.request<{ readonly rrsets: readonly RecordSet[] }>(
      "dns.resourceRecordSets.list",
      { url: "/rrsets", params: { name, type: "TXT" } },
    );
    return rrsets.map(({ name, type, ttl, rrdatas }) => ({ name, type, ttl, rrdatas }));
  }

  private async change(change: {
    readonly additions: readonly RecordSet[];
    readonly deletions: readonly RecordSet[];
  }): Promise<void> {
    const created = await this.request<Change>("dns.changes.create", {
      url: "/changes",
      method: "POST",
      data: change,
    });
    // lego waits for the change, too, which needs a further permission.
    const deadline = Date.now() + changePatience;
    for (let { status } = created; status === "pending";) {
      if (Date.now() > deadline) {
        throw new NotYetError(
          `The change ${created.id} of the managed zone ${this.target.zone} is still pending after ${changePatience / 1_000} s`,
        );
      }
      await delay(changePause);
      ({ status } = await this.request<Change>("dns.changes.get", {
        url: `/changes/${created.id}`,
      }));
    }
  }

  private request<T>(permission: string, options: gaxios.GaxiosOptions): Promise<T> {
    const { project, zone, endpoint = googleDns } = this.target;
    const base = `${endpoint}projects/${project}/managedZones/${zone}`;
    return explained(
      (error) => this.explain(error, permission),
      async () => {
        const url = `${base}${String(options.url)}`;
        return (await this.client.request<T>({ ...options, url, retry: false })).data;
      },
    );
  }

  private explain(error: unknown, permission: string): Error {
    const { project, zone } = this.target;
    const account = this.key.client_email;
    if (!(error instanceof gaxios.GaxiosError)) {
      return new NotYetError(
        `Google does not respond: ${error instanceof Error ? error.message : ""}`,
      );
    }
    if (error.status === undefined) {
      // A retry would wait as long again.
      const Failure = isLate(error) ? ProofError : NotYetError;
      return new Failure(googleCloudAnswer(error));
    }
    const clock = clockProblem(error);
    if (clock !== undefined) {
      return new ProofError(clock);
    }
    const atToken = error.config.url.href === this.key.token_uri;
    if (atToken && (error.status === 400 || error.status === 401)) {
      return new NotYetError(
        `Google issues no access token for the key of ${account}: the key is deleted, disabled, or not propagated yet`,
      );
    }
    switch (error.status) {
      case 401:
      case 403:
        return new NotYetError(
          `${account} lacks the permission ${deniedPermission(error.response?.data) ?? permission} on the managed zone ${zone} of project ${project}: ` +
            `grant the account ${defaultDnsRole} there, or another role with the permission`,
        );
      case 404:
        return new NotYetError(
          `${account} finds no managed zone ${zone} in project ${project}: check dns.zone and dns.project`,
        );
      default:
        return new NotYetError(
          `Google responds with ${error.status} to ${permission} on the managed zone ${zone}`,
          error.response?.headers,
        );
    }
  }
}
