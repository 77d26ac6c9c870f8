import { hasStatus } from "../failures.ts";
import { backOff, settle } from "../pace.ts";
import { listOf, objectOf, type Properties, sameValue, textOf } from "../values.ts";

/** The version that knows conditions. */
const POLICY_VERSION = 3;

/** Seconds before each new try after a conflict; after the last the change is given up. */
const CONFLICT_PAUSES: readonly number[] = [1, 2, 4, 8, 16];

/** How often a changed policy is read back, one second apart. */
const VERIFICATIONS = 3;

/** One member of one role, under one condition or none. */
export interface Grant {
  readonly role: string;
  readonly member: string;
  readonly condition?: Properties;
}

/** A change of a policy; made twice it is the same as made once. */
export type PolicyChange = (policy: Properties) => Properties;

/** Where a policy is read and written. */
export interface PolicyHolder {
  /** What the policy belongs to, as in the ids of its members. */
  readonly resource: string;
  get(): Promise<Properties>;
  set(policy: Properties): Promise<unknown>;
}

/** Adds a grant; every other stays as it is. */
export function adding(grant: Grant): PolicyChange {
  return (policy) => {
    const bindings = bindingsOf(policy);
    const binding = findBinding(policy, grant) ?? bindingOf(grant);
    const members = new Set([...membersOf(binding), grant.member]);
    const others = bindings.filter((other) => other !== binding);
    return {
      ...policy,
      version: POLICY_VERSION,
      bindings: [...others, { ...binding, members: [...members] }],
    };
  };
}

/** Takes a grant away, whoever else in the program may count on it: the provider does not. */
export function removing(grant: Grant): PolicyChange {
  return (policy) => {
    const found = findBinding(policy, grant);
    const bindings = bindingsOf(policy).map((binding) =>
      binding === found
        ? { ...binding, members: membersOf(binding).filter((member) => member !== grant.member) }
        : binding,
    );
    return { ...policy, bindings: bindings.filter((binding) => membersOf(binding).length > 0) };
  };
}

/** The member as the policy spells it, if it has the grant. */
export function findMember(policy: Properties, grant: Grant): string | undefined {
  const wanted = grant.member.toLowerCase();
  const binding = findBinding(policy, grant);
  return binding && membersOf(binding).find((member) => member.toLowerCase() === wanted);
}

/**
 * Reads the policy, changes it and writes it with the etag that it came with; again from the start where somebody
 * else was faster. Then reads it back until that has gone well three times.
 *
 * @param written Called once the cloud has the change.
 * @see https://github.com/hashicorp/terraform-provider-google/blob/main/google/tpgiamresource/iam.go
 */
export async function changePolicy(
  holder: PolicyHolder,
  change: PolicyChange,
  written: () => void = () => undefined,
): Promise<void> {
  await exclusively(holder.resource, async () => {
    await writePolicy(holder, change);
    written();
    for (let reads = 0; reads < VERIFICATIONS; reads += 1) {
      await settle(1);
      await holder.get();
    }
  });
}

async function writePolicy(holder: PolicyHolder, change: PolicyChange): Promise<void> {
  let conflict: unknown;
  for (const pause of CONFLICT_PAUSES) {
    try {
      await holder.set(change(await holder.get()));
      return;
    } catch (error) {
      if (!hasStatus(error, 409)) {
        throw error;
      }
      conflict = error;
    }
    await backOff(pause);
  }
  throw conflict;
}

/** The policies that are being changed; the provider locks in the same way. */
const queues = new Map<string, Promise<unknown>>();

async function exclusively(resource: string, work: () => Promise<void>): Promise<void> {
  const before = queues.get(resource) ?? Promise.resolve();
  const turn = before.then(work, work);
  queues.set(resource, turn);
  await turn;
}

function bindingOf({ role, condition }: Grant): Properties {
  return { role, ...(condition ? { condition } : {}) };
}

function findBinding(policy: Properties, { role, condition }: Grant): Properties | undefined {
  return bindingsOf(policy).find(
    (binding) => binding.role === role && sameValue(binding.condition, condition),
  );
}

function bindingsOf({ bindings }: Properties): Properties[] {
  return listOf(bindings).map(objectOf);
}

function membersOf({ members }: Properties): string[] {
  return listOf(members).map(textOf);
}
