import { unlessStatus } from "../failures.ts";
import { backOff, settle } from "../pace.ts";
import type { Resource } from "../plugin.ts";
import { type Properties, textOf } from "../values.ts";
import type { GoogleCloud } from "./client.ts";
import { deletionPolicyProperty, isToBeDeleted, withDeletionPolicy } from "./deletionPolicy.ts";

const DEFAULT_ALGORITHM = "KEY_ALG_RSA_2048";
const DEFAULT_PRIVATE_TYPE = "TYPE_GOOGLE_CREDENTIALS_FILE";
const DEFAULT_PUBLIC_TYPE = "TYPE_X509_PEM_FILE";

/** How long the official provider waits for the propagation of a new key, in seconds. */
const SETTLING = 10;

/** Attempts before a new key counts as lost: four minutes, one every five seconds. */
const TRIES = 48;

/** IAM also refuses access to missing resources. */
const GONE: readonly number[] = [403, 404];

/**
 * `gcp:serviceaccount/key:Key`. Google Cloud returns the private half once; afterwards, only the state contains it.
 *
 * @see
 * https://github.com/hashicorp/terraform-provider-google/blob/main/google/services/resourcemanager/resource_google_service_account_key.go
 */
export const key: Resource<GoogleCloud> = {
  noImport: true,
  properties: {
    serviceAccountId: { required: true, replaces: true },
    deletionPolicy: deletionPolicyProperty,
    keepers: { replaces: true },
    keyAlgorithm: {
      default: DEFAULT_ALGORITHM,
      replaces: true,
      check: oneOf("KEY_ALG_UNSPECIFIED", "KEY_ALG_RSA_1024", DEFAULT_ALGORITHM),
    },
    privateKeyType: {
      default: DEFAULT_PRIVATE_TYPE,
      replaces: true,
      check: oneOf("TYPE_UNSPECIFIED", "TYPE_PKCS12_FILE", DEFAULT_PRIVATE_TYPE),
    },
    publicKeyType: {
      default: DEFAULT_PUBLIC_TYPE,
      replaces: true,
      check: oneOf("TYPE_NONE", DEFAULT_PUBLIC_TYPE, "TYPE_RAW_PUBLIC_KEY"),
    },
    publicKeyData: { replaces: true },
    name: { output: true },
    privateKey: { output: true, secret: true },
    publicKey: { output: true },
    validAfter: { output: true },
    validBefore: { output: true },
  },

  complete: (cloud, inputs) => withDeletionPolicy(cloud, inputs),

  checkAll: ({ publicKeyData, keyAlgorithm, privateKeyType }) =>
    publicKeyData !== undefined &&
    (keyAlgorithm !== DEFAULT_ALGORITHM || privateKeyType !== DEFAULT_PRIVATE_TYPE)
      ? '"publicKeyData" conflicts with "keyAlgorithm" and "privateKeyType"'
      : undefined,

  async create(cloud, inputs, made) {
    const account = accountName(cloud, textOf(inputs.serviceAccountId));
    const { keyAlgorithm, privateKeyType, publicKeyData } = inputs;
    const created = await (publicKeyData === undefined
      ? cloud.call("iam", "POST", `${account}/keys`, { keyAlgorithm, privateKeyType })
      : cloud.call("iam", "POST", `${account}/keys:upload`, { publicKeyData }));
    const id = textOf(created.name);
    const outputs = {
      ...inputs,
      name: id,
      privateKey: textOf(created.privateKeyData),
      validAfter: created.validAfterTime,
      validBefore: created.validBeforeTime,
    };
    made({ id, outputs });
    await waitForKey(cloud, id, inputs);
    await settle(SETTLING);
    return { id, outputs: { ...outputs, ...outputsOf(await getKey(cloud, id, inputs)) } };
  },

  async read(cloud, id, state) {
    const found = await unlessStatus(GONE, () => getKey(cloud, id, state));
    return found && { id, outputs: { ...withDeletionPolicy(cloud, state), ...outputsOf(found) } };
  },

  async delete(cloud, id, state) {
    if (isToBeDeleted(id, state)) {
      await unlessStatus(GONE, () => cloud.call("iam", "DELETE", id));
    }
  },
};

function getKey(cloud: GoogleCloud, id: string, { publicKeyType }: Properties) {
  return cloud.call("iam", "GET", `${id}?publicKeyType=${textOf(publicKeyType)}`);
}

async function waitForKey(cloud: GoogleCloud, id: string, inputs: Properties): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await unlessStatus([404], () => getKey(cloud, id, inputs))) {
      return;
    }
    await backOff(5);
  }
  throw new Error(`waiting for ${id}: it cannot be read`);
}

function outputsOf({ name, keyAlgorithm, publicKeyData }: Properties): Properties {
  return { name, keyAlgorithm, publicKey: publicKeyData };
}

/** The account's full name from any of the forms of `serviceAccountId` (`ServiceAccountFQN` of the provider). */
function accountName(cloud: GoogleCloud, id: string): string {
  if (id.startsWith("projects/")) {
    return id;
  }
  if (id.includes("@")) {
    return `projects/-/serviceAccounts/${id}`;
  }
  if (cloud.project === undefined) {
    throw new Error("project: required field is not set");
  }
  return `projects/-/serviceAccounts/${id}@${cloud.project}.iam.gserviceaccount.com`;
}

function oneOf(...values: readonly string[]): (value: unknown) => string | undefined {
  return (value) =>
    values.includes(textOf(value)) ? undefined : `expected one of ${values.join(", ")}`;
}
