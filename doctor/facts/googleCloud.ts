import { gaxios } from "google-auth-library";
import { zoneContains } from "../../dns/zone.ts";
import { keyClient } from "../../dns/googleCloud/client.ts";
import { keyFile, type KeyFile } from "../../dns/googleCloud/keyFile.ts";
import { serviceAccountKey, serviceAccountKeys } from "../../dns/googleCloud/keys.ts";
import { issuerPermissions } from "../../dns/googleCloud/permissions.ts";
import { googleDns, type ManagedZone } from "../../dns/googleCloud/zones.ts";
import { clockProblem, googleCloudAnswer } from "../../dns/googleCloud/answer.ts";
import type { SeenAccess } from "../cloudAccess.ts";
import type { CreatedCredential } from "../expectation.ts";
import { NotAvailable } from "../finding.ts";
import type { CloudCredential, CredentialTarget, Lack } from "./credential.ts";
import { once } from "./once.ts";
import { proofFailure } from "./proofFailure.ts";

/** The data of a key apart from its content. */
export interface GoogleCloudTarget extends CredentialTarget {
  readonly project: string;
  /** Name of the managed zone. */
  readonly zone: string;
  readonly created: CreatedCredential | undefined;
}

const googleResourceManager = "https://cloudresourcemanager.googleapis.com/v1/";
/** The scope for all calls below. */
const scopes = ["https://www.googleapis.com/auth/cloud-platform"];

/** Permissions on the whole project that no challenge needs, and what each of them allows. */
const excessPermissions: Readonly<Record<string, string>> = {
  "dns.changes.create": "write to every zone of the project",
  "iam.serviceAccountKeys.create": "create keys for other accounts",
  "resourcemanager.projects.setIamPolicy": "grant itself any permission in the project",
};

/** A service account's key. */
export function googleCloudCredential(
  content: string,
  target: GoogleCloudTarget,
  access: SeenAccess,
): CloudCredential {
  const { project, zone, created, host, domain } = target;
  const key = keyFile.parse(JSON.parse(content));
  const client = keyClient(key, scopes);
  const { dnsEndpoint = googleDns, resourceManagerEndpoint = googleResourceManager } =
    access.googleCloud;
  const zoneUrl = `${dnsEndpoint}projects/${project}/managedZones/${zone}`;
  const projectUrl = `${resourceManagerEndpoint}projects/${project}`;

  const held = async (resource: string, permissions: readonly string[]) => {
    const { data } = await client.request<{ readonly permissions?: readonly string[] }>({
      url: `${resource}:testIamPermissions`,
      method: "POST",
      data: { permissions },
    });
    return data.permissions ?? [];
  };
  const managedZone = once(async () => (await client.request<ManagedZone>({ url: zoneUrl })).data);

  return {
    lacks: async () => {
      try {
        const { dnsName: name, visibility = "public" } = await managedZone();
        const permissions = await held(zoneUrl, issuerPermissions);
        return [
          ...(zoneContains(name, host)
            ? []
            : [
                { expected: `a zone for ${host}`, seen: `the managed zone ${zone} is for ${name}` },
              ]),
          ...(visibility === "public"
            ? []
            : [{ expected: "a public zone", seen: `the managed zone ${zone} is ${visibility}` }]),
          ...issuerPermissions
            .filter((permission) => !permissions.includes(permission))
            .map((permission) => ({
              expected: `${permission} on the managed zone ${zone}`,
              seen: `${key.client_email} does not have it`,
            })),
        ];
      } catch (error) {
        return [lackOf(error, key, target)];
      }
    },
    excess: async () => {
      const permissions = Object.keys(excessPermissions).filter(
        // The stack itself grants this permission on the whole project.
        (permission) => !(created?.wholeProject === true && permission === "dns.changes.create"),
      );
      const has = await held(projectUrl, permissions).catch((error: unknown) => {
        throw new NotAvailable(
          `the permissions of ${key.client_email} in ${project} cannot be read (${googleCloudAnswer(error)})`,
        );
      });
      return has.map((permission) => `${excessPermissions[permission] ?? "act"} (${permission})`);
    },
    life: async () => {
      // The state of a stack that created the key contains these times.
      if (created !== undefined) {
        return {};
      }
      try {
        const id = key.private_key_id ?? "";
        const times = await serviceAccountKey(key.client_email, id, access.googleCloud);
        return { createdAt: times.validAfterTime, expiresAt: times.validBeforeTime };
      } catch (error) {
        throw new NotAvailable(
          access.hidden?.gcp ??
            `reading the key of ${key.client_email} requires iam.serviceAccountKeys.get (${googleCloudAnswer(error)})`,
        );
      }
    },
    count: async () => {
      const what = `keys of ${key.client_email}`;
      try {
        const keys = await serviceAccountKeys(key.client_email, access.googleCloud).list();
        return { count: keys.length, what };
      } catch (error) {
        throw new NotAvailable(
          access.hidden?.gcp ??
            `the ${what} cannot be listed with your credential (${googleCloudAnswer(error)})`,
        );
      }
    },
    zone: async () => {
      try {
        const { dnsName, nameServers = [] } = await managedZone();
        return { name: dnsName, nameServers };
      } catch (error) {
        throw new NotAvailable(`the managed zone cannot be read (${googleCloudAnswer(error)})`);
      }
    },
    prove: async () => {
      const { proveGoogleCloudKey } = await import("../../dns/googleCloud/proof.ts");
      const endpoint = access.googleCloud.dnsEndpoint;
      return proofFailure((timeout) =>
        proveGoogleCloudKey(content, { host, domain, timeout, project, zone, endpoint }),
      );
    },
  };
}

/** The defect of the credential that a refused request shows. */
function lackOf(error: unknown, key: KeyFile, target: GoogleCloudTarget): Lack {
  const { project, zone } = target;
  if (!(error instanceof gaxios.GaxiosError) || error.status === undefined) {
    throw new NotAvailable(`Google does not respond (${googleCloudAnswer(error)})`);
  }
  const clock = clockProblem(error);
  if (clock !== undefined) {
    throw new NotAvailable(clock);
  }
  if (error.config.url.href === key.token_uri) {
    // The only refusal of the token endpoint that names the account (developers.google.com/identity/protocols/oauth2/service-account).
    const { error_description: description } = (error.response?.data ?? {}) as {
      readonly error_description?: unknown;
    };
    if (typeof description === "string" && /account not found/i.test(description)) {
      return {
        expected: `the service account ${key.client_email}`,
        seen: "Google no longer knows the account: it is deleted",
        ownerGone: true,
      };
    }
    return {
      expected: `an access token for ${key.client_email}`,
      seen: `Google refuses the key ${key.private_key_id ?? ""} (${error.status}): it is deleted or disabled`,
    };
  }
  return {
    expected: `read access to the managed zone ${zone} of project ${project}`,
    seen: `Google responds with ${error.status} to ${key.client_email}`,
  };
}
