import { gaxios, type AuthClient } from "google-auth-library";
import type { GoogleCloudAccess } from "../access.ts";
import { googleCloudAnswer } from "./answer.ts";
import { operatorClient } from "./operator.ts";
import { answered } from "../calls.ts";
import { lastSegment } from "../../lib/names.ts";
import type { CredentialInventory } from "../orphans.ts";
import { shell } from "../../lib/shell.ts";

const googleIam = "https://iam.googleapis.com/v1/";

/**
 * The keys of a service account that the stack created, listed and deleted with the identity of the gcp plugin.
 *
 * @param account e-mail address of the service account
 * @param access endpoints and identity of the plugin
 */
export function serviceAccountKeys(
  account: string,
  access: GoogleCloudAccess,
): CredentialInventory {
  const url = keysUrl(access.iamEndpoint, account);
  let client: Promise<AuthClient> | undefined;
  const operator = () => (client ??= operatorClient(access));
  return {
    list: () =>
      answered(`The keys of ${account} could not be listed`, googleCloudAnswer, async () => {
        // Google creates further keys, which are SYSTEM_MANAGED.
        const { data } = await (
          await operator()
        ).request<{
          readonly keys?: readonly { readonly name: string }[];
        }>({ url, params: { keyTypes: "USER_MANAGED" } });
        return (data.keys ?? []).map(({ name }) => lastSegment(name));
      }),
    remove: (id) =>
      answered(`The key ${id} could not be deleted`, googleCloudAnswer, async () => {
        await (await operator()).request({ url: `${url}/${id}`, method: "DELETE" });
      }),
    removeCommand: (id) =>
      shell`gcloud iam service-accounts keys delete ${id} --iam-account=${account}`,
  };
}

/** The validity period of a key, in RFC 3339 form. */
export interface KeyValidity {
  readonly validAfterTime?: string;
  readonly validBeforeTime?: string;
}

/** Reads a key of a service account, with the identity of {@link serviceAccountKeys}. */
export async function serviceAccountKey(
  account: string,
  id: string,
  access: GoogleCloudAccess,
): Promise<KeyValidity> {
  const url = `${keysUrl(access.iamEndpoint, account)}/${id}`;
  const client = await operatorClient(access);
  return (await client.request<KeyValidity>({ url })).data;
}

function keysUrl(iamEndpoint: string = googleIam, account: string): string {
  return `${iamEndpoint}projects/-/serviceAccounts/${account}/keys`;
}

/**
 * Whether Google reports that a service account does not exist.
 *
 * @param name full name of the account, `projects/…/serviceAccounts/…`
 */
export async function isAccountGone(name: string, access: GoogleCloudAccess): Promise<boolean> {
  const client = await operatorClient(access);
  try {
    await client.request({ url: `${access.iamEndpoint ?? googleIam}${name}`, retry: false });
    return false;
  } catch (error) {
    return error instanceof gaxios.GaxiosError && error.status === 404;
  }
}
