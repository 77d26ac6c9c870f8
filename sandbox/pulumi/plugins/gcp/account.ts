import { randomBytes } from "node:crypto";
import { hasStatus, unlessStatus } from "../failures.ts";
import { backOff, settle } from "../pace.ts";
import type { Found, Naming, Resource } from "../plugin.ts";
import { DEFAULTS, isUnknown, listOf, type Properties, sameValue, textOf } from "../values.ts";
import type { GoogleCloud } from "./client.ts";
import { deletionPolicyProperty, isToBeDeleted, withDeletionPolicy } from "./deletionPolicy.ts";
import { projectProperty, withProject } from "./project.ts";

const ACCOUNT_ID = /^[a-z]([-a-z0-9]{4,28}[a-z0-9])$/;

/** The official provider's pauses after creating and after updating an account, in seconds. */
const SETTLING = { create: 10, update: 5 } as const;

/** How many times in a row an account must be read before it counts as created, and the maximum number of attempts. */
const READS = { needed: 3, most: 60 } as const;

/**
 * `gcp:serviceaccount/account:Account`.
 *
 * @see https://github.com/hashicorp/terraform-provider-google/blob/main/google/services/resourcemanager/resource_google_service_account.go
 */
export const account: Resource<GoogleCloud> = {
  properties: {
    accountId: {
      required: true,
      replaces: true,
      check: (value) =>
        ACCOUNT_ID.test(textOf(value))
          ? undefined
          : '"accountId" must have 6 to 30 lower case letters, digits and hyphens, and begin with a letter',
    },
    createIgnoreAlreadyExists: {},
    deletionPolicy: deletionPolicyProperty,
    description: {
      check: (value) =>
        Buffer.byteLength(textOf(value)) > 256
          ? '"description" must have 256 bytes or less'
          : undefined,
    },
    disabled: { default: false },
    displayName: {},
    project: projectProperty,
    email: { output: true },
    member: { output: true },
    name: { output: true },
    uniqueId: { output: true },
  },

  /** A fixed id cannot belong to two accounts at the same time. */
  deleteBeforeReplace: (olds, news) =>
    !listOf(news[DEFAULTS]).includes("accountId") && olds.accountId === news.accountId,

  complete: (cloud, inputs, naming) =>
    withAccountId(withProject(cloud, withDeletionPolicy(cloud, inputs)), naming),

  foresee: ({ accountId, project }) => {
    const email = `${textOf(accountId)}@${textOf(project)}.iam.gserviceaccount.com`;
    return isUnknown([accountId, project]) ? {} : { email, member: `serviceAccount:${email}` };
  },

  async create(cloud, inputs, made) {
    const id = await createAccount(cloud, inputs);
    made({ id, outputs: inputs });
    await waitForAccount(cloud, id);
    await settle(SETTLING.create);
    return await existing(cloud, id, inputs);
  },

  async read(cloud, id, state) {
    const found = await unlessStatus([404], () => cloud.call("iam", "GET", id));
    return found && { id, outputs: { ...withDeletionPolicy(cloud, state), ...outputsOf(found) } };
  },

  async update(cloud, id, state, inputs) {
    const changed = (name: string) => !sameValue(state[name], inputs[name]);
    const { etag } = await cloud.call("iam", "GET", id);
    const mask = [
      ...(changed("description") ? ["description"] : []),
      ...(changed("displayName") ? ["display_name"] : []),
    ];
    if (changed("disabled")) {
      await cloud.call(
        "iam",
        "POST",
        `${id}:${inputs.disabled === true ? "disable" : "enable"}`,
        {},
      );
    }
    if (mask.length > 0) {
      const { displayName, description } = inputs;
      await cloud.call("iam", "PATCH", id, {
        serviceAccount: { displayName, description, etag },
        updateMask: mask.join(","),
      });
      await waitForAccount(cloud, id);
      await settle(SETTLING.update);
    }
    return (await existing(cloud, id, inputs)).outputs;
  },

  async delete(cloud, id, state) {
    if (isToBeDeleted(id, state)) {
      await unlessStatus([404], () => cloud.call("iam", "DELETE", id));
    }
  },
};

/** @returns the name of the new account, or of the existing one if the inputs permit that. */
async function createAccount(cloud: GoogleCloud, inputs: Properties): Promise<string> {
  const { accountId, displayName, description } = inputs;
  const project = textOf(inputs.project);
  try {
    const { name } = await cloud.call("iam", "POST", `projects/${project}/serviceAccounts`, {
      accountId,
      serviceAccount: { displayName, description },
    });
    return textOf(name);
  } catch (error) {
    if (hasStatus(error, 409) && inputs.createIgnoreAlreadyExists === true) {
      const email = `${textOf(accountId)}@${project}.iam.gserviceaccount.com`;
      return `projects/${project}/serviceAccounts/${email}`;
    }
    throw error;
  }
}

/** A new account may still be unknown to some of IAM's servers, which then respond with 404 or 403. */
async function waitForAccount(cloud: GoogleCloud, id: string): Promise<void> {
  let inARow = 0;
  for (let tries = 0; tries < READS.most; tries += 1) {
    const found = await unlessStatus([403, 404], () => cloud.call("iam", "GET", id));
    inARow = found ? inARow + 1 : 0;
    if (inARow === READS.needed) {
      return;
    }
    await (found ? settle(1) : backOff(1));
  }
  throw new Error(`waiting for ${id}: it cannot be read`);
}

async function existing(cloud: GoogleCloud, id: string, inputs: Properties): Promise<Found> {
  const found = await cloud.call("iam", "GET", id);
  return { id, outputs: { ...inputs, ...outputsOf(found) } };
}

function outputsOf(found: Properties): Properties {
  const { name, uniqueId, projectId, displayName, description, disabled } = found;
  const email = textOf(found.email);
  return {
    name,
    uniqueId,
    email,
    project: projectId,
    member: `serviceAccount:${email}`,
    accountId: email.split("@")[0],
    displayName: displayName ?? "",
    description: description ?? "",
    disabled: disabled ?? false,
  };
}

/** An id from the resource's name, kept as long as the program sets none. */
function withAccountId(inputs: Properties, { name, olds }: Naming): Properties {
  if (inputs.accountId !== undefined) {
    return inputs;
  }
  const kept = listOf(olds[DEFAULTS]).includes("accountId") ? olds.accountId : undefined;
  const accountId = kept ?? `${name}-${randomBytes(4).toString("hex").slice(0, 7)}`;
  return { ...inputs, accountId, [DEFAULTS]: ["accountId"] };
}
