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
 * The keys of a service account that the stack made for itself, asked for with the access that the gcp plugin has.
 *
 * @param account its e-mail address
 * @param settings how the plugin reaches Google
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
        // Google makes and keeps keys of its own, which are SYSTEM_MANAGED.
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

/** From when to when a key is valid, both in RFC 3339 form. */
export interface KeyValidity {
  readonly validAfterTime?: string;
  readonly validBeforeTime?: string;
}

/** Looks a key of a service account up, as {@link serviceAccountKeys} does. */
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
 * Whether Google says that there is no such service account.
 *
 * @param name its full name, `projects/…/serviceAccounts/…`
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
