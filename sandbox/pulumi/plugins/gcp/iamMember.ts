import { unlessStatus } from "../failures.ts";
import type { Found, Property, Resource } from "../plugin.ts";
import { objectOf, type Properties, textOf } from "../values.ts";
import type { GoogleCloud } from "./client.ts";
import {
  adding,
  changePolicy,
  findMember,
  type Grant,
  type PolicyHolder,
  removing,
} from "./policy.ts";

/** Case-sensitive members; all others are e-mail addresses and the like. */
const CASE_SENSITIVE = /^(principal|principalSet|principalHierarchy):/;

/** The differences between the members of the kinds of policies. */
export interface PolicyKind {
  /** The inputs that identify the policy's resource. */
  readonly properties: Readonly<Record<string, Property>>;
  readonly deleteBeforeReplace: boolean;
  complete(cloud: GoogleCloud, inputs: Properties): Properties;
  holder(cloud: GoogleCloud, inputs: Properties): PolicyHolder;
  /** The inputs from an id, or undefined for another format. */
  parse(resource: string): Properties | undefined;
}

/**
 * A resource that grants one role to one member and does not change the rest of the policy.
 *
 * @see
 * https://github.com/hashicorp/terraform-provider-google/blob/main/google/tpgiamresource/resource_iam_member.go
 */
export function iamMember(kind: PolicyKind): Resource<GoogleCloud> {
  return {
    properties: {
      ...kind.properties,
      role: { required: true, replaces: true },
      member: { required: true, replaces: true, check: checkMember, same: sameMember },
      condition: { replaces: true },
      etag: { output: true },
    },

    deleteBeforeReplace: () => kind.deleteBeforeReplace,

    complete: (cloud, inputs) => kind.complete(cloud, inputs),

    async create(cloud, inputs, made) {
      const holder = kind.holder(cloud, inputs);
      const grant = grantOf(inputs);
      const id = idOf(holder, grant);
      await changePolicy(holder, adding(grant), () => {
        made({ id, outputs: inputs });
      });
      const found = await findGrant(holder, inputs);
      if (!found) {
        throw new Error(`${id}: the policy does not show the new member`);
      }
      return found;
    },

    async read(cloud, id, state) {
      const inputs = Object.keys(state).length > 0 ? state : parseImport(kind, id);
      return await unlessStatus([404], () => findGrant(kind.holder(cloud, inputs), inputs));
    },

    async delete(cloud, _id, state) {
      const holder = kind.holder(cloud, state);
      await unlessStatus([404], async () => {
        await changePolicy(holder, removing(grantOf(state)));
        // The official provider checks once more that the member is removed.
        await holder.get();
      });
    },
  };
}

async function findGrant(holder: PolicyHolder, inputs: Properties): Promise<Found | undefined> {
  const grant = grantOf(inputs);
  const policy = await holder.get();
  const member = findMember(policy, grant);
  return member === undefined
    ? undefined
    : { id: idOf(holder, grant), outputs: { ...inputs, member, etag: policy.etag } };
}

function grantOf({ role, member, condition }: Properties): Grant {
  const { title, description, expression } = objectOf(condition);
  return {
    role: textOf(role),
    member: normalized(textOf(member)),
    ...(condition === undefined ? {} : { condition: { title, description, expression } }),
  };
}

function idOf({ resource }: PolicyHolder, { role, member, condition }: Grant): string {
  const { title, description, expression } = condition ?? {};
  const parts = condition ? [title, description, expression].map(textOf) : [];
  return [resource, role, member, ...parts].join("/");
}

/** Import ids are "RESOURCE ROLE MEMBER". */
function parseImport(kind: PolicyKind, id: string): Properties {
  const [resource = "", role, member, ...rest] = id.split(/\s+/);
  const inputs = kind.parse(resource);
  if (!inputs || role === undefined || member === undefined || rest.length > 0) {
    throw new Error(`${id} is not of the form "RESOURCE ROLE MEMBER"`);
  }
  return { ...inputs, role, member };
}

function checkMember(value: unknown): string | undefined {
  const member = textOf(value);
  if (member.startsWith("deleted")) {
    return "deleted principals cannot be members";
  }
  return /.+:.+|projectOwners|projectReaders|projectWriters|allUsers|allAuthenticatedUsers/.test(
    member,
  )
    ? undefined
    : `"${member}" is not an IAM member`;
}

function sameMember(old: unknown, wanted: unknown): boolean {
  return normalized(textOf(old)) === normalized(textOf(wanted));
}

/** The text after the kind of the member, in lower case if it is not case-sensitive. */
function normalized(member: string): string {
  const colon = member.indexOf(":");
  return colon < 0 || CASE_SENSITIVE.test(member)
    ? member
    : `${member.slice(0, colon)}${member.slice(colon).toLowerCase()}`;
}
