import { gaxios } from "google-auth-library";
import { RunError } from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../access.ts";
import { explained } from "../calls.ts";
import { googleCloudAnswer } from "./answer.ts";
import { operatorClient } from "./operator.ts";

/** A managed zone (https://cloud.google.com/dns/docs/reference/rest/v1/managedZones). */
export interface ManagedZone {
  readonly name: string;
  /** The DNS name, with the final dot. */
  readonly dnsName: string;
  /** Google omits `public`. */
  readonly visibility?: string;
  readonly nameServers?: readonly string[];
}

/** Endpoint of Cloud DNS, with version and trailing slash. */
export const googleDns = "https://dns.googleapis.com/dns/v1/";

/**
 * All managed zones of a project, from all pages: the gcp plugin's `getManagedZones` returns only the first page.
 *
 * @param access endpoints and identity of the plugin
 * @throws RunError when Google refuses
 */
export async function managedZones(
  project: string,
  { dnsEndpoint = googleDns, ...access }: GoogleCloudAccess,
): Promise<readonly ManagedZone[]> {
  const url = `${dnsEndpoint}projects/${project}/managedZones`;
  return explained(runErrorOf, async () => {
    const client = await operatorClient(access);
    const zones: ManagedZone[] = [];
    let pageToken: string | undefined;
    do {
      const params = pageToken === undefined ? {} : { pageToken };
      const { data } = await client.request<{
        readonly managedZones?: readonly ManagedZone[];
        readonly nextPageToken?: string;
      }>({ url, params });
      zones.push(...(data.managedZones ?? []));
      pageToken = data.nextPageToken;
    } while (pageToken !== undefined && pageToken !== "");
    return zones;
  });
}

/**
 * The managed zone of a name.
 *
 * @param access endpoints and identity of the plugin
 * @returns undefined when there is none
 * @throws RunError when Google refuses
 */
export async function managedZone(
  project: string,
  name: string,
  { dnsEndpoint = googleDns, ...access }: GoogleCloudAccess,
): Promise<ManagedZone | undefined> {
  const url = `${dnsEndpoint}projects/${project}/managedZones/${encodeURIComponent(name)}`;
  return explained(runErrorOf, async () => {
    const client = await operatorClient(access);
    try {
      return (await client.request<ManagedZone>({ url })).data;
    } catch (error) {
      if (error instanceof gaxios.GaxiosError && error.status === 404) {
        return undefined;
      }
      throw error;
    }
  });
}

function runErrorOf(error: unknown): RunError {
  return new RunError(googleCloudAnswer(error));
}
