import { GoogleAuth, OAuth2Client } from "google-auth-library";
import type { GoogleCloudAccess } from "../access.ts";
import { googleCloudAnswer } from "./answer.ts";
import { answered } from "../calls.ts";
import { lastSegment } from "../../lib/names.ts";
import type { CredentialInventory } from "../orphans.ts";

const googleIam = "https://iam.googleapis.com/v1/";

/**
 * The keys of a service account that the stack made for itself, asked for with the access that the gcp plugin has.
 *
 * @param account its e-mail address
 * @param settings how the plugin reaches Google
 */
export function serviceAccountKeys(
  account: string,
  { iamEndpoint = googleIam, ...access }: GoogleCloudAccess,
): CredentialInventory {
  const client = operator(access);
  const url = keysUrl(iamEndpoint, account);
  return {
    list: () =>
      answered(`The keys of ${account} could not be listed`, googleCloudAnswer, async () => {
        // Google makes and keeps keys of its own, which are SYSTEM_MANAGED.
        const { data } = await client.request<{
          readonly keys?: readonly { readonly name: string }[];
        }>({ url, params: { keyTypes: "USER_MANAGED" } });
        return (data.keys ?? []).map(({ name }) => lastSegment(name));
      }),
    remove: (id) =>
      answered(`The key ${id} could not be deleted`, googleCloudAnswer, async () => {
        await client.request({ url: `${url}/${id}`, method: "DELETE" });
      }),
    removeCommand: (id) => `gcloud iam service-accounts keys delete ${id} --iam-account=${account}`,
  };
}

/** From when to when a key is valid, both in RFC 3339 form. */
export interface KeyValidity {
  readonly validAfterTime?: string;
  readonly validBeforeTime?: string;
}

/** Looks a key of a service account up, as {@link serviceAccountKeys} does. */
export async function serviceAccountKey(
  account: string,
  id: string,
  { iamEndpoint = googleIam, ...access }: GoogleCloudAccess,
): Promise<KeyValidity> {
  const url = `${keysUrl(iamEndpoint, account)}/${id}`;
  return (await operator(access).request<KeyValidity>({ url })).data;
}

function keysUrl(iamEndpoint: string, account: string): string {
  return `${iamEndpoint}projects/-/serviceAccounts/${account}/keys`;
}

/** A client that acts as the gcp plugin does. */
export function operator({ accessToken, credentials }: GoogleCloudAccess) {
  if (accessToken !== undefined) {
    const client = new OAuth2Client();
    client.setCredentials({ access_token: accessToken });
    return client;
  }
  const scopes = ["https://www.googleapis.com/auth/cloud-platform"];
  if (credentials === undefined) {
    return new GoogleAuth({ scopes });
  }
  // The plugin takes a file's content as well as its path.
  return credentials.trimStart().startsWith("{")
    ? new GoogleAuth({ scopes, credentials: JSON.parse(credentials) as object })
    : new GoogleAuth({ scopes, keyFile: credentials });
}
