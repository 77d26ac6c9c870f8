import { hasStatus } from "../failures.ts";
import { backOff, settle } from "../pace.ts";
import { listOf, objectOf, type Properties, sameValue, textOf } from "../values.ts";

/** The policy version that supports conditions. */
const POLICY_VERSION = 3;

/** Pauses before each retry after a conflict, in seconds; after the last retry, the change fails. */
const CONFLICT_PAUSES: readonly number[] = [1, 2, 4, 8, 16];

/** How many times a changed policy is read back, one second apart. */
const VERIFICATIONS = 3;

/** One member of one role, with or without a condition. */
export interface Grant {
  readonly role: string;
  readonly member: string;
  readonly condition?: Properties;
}

/** An idempotent change of a policy. */
export type PolicyChange = (policy: Properties) => Properties;

/** Reads and writes a policy. */
export interface PolicyHolder {
  /** The policy's resource, as in the ids of its members. */
  readonly resource: string;
  get(): Promise<Properties>;
  set(policy: Properties): Promise<unknown>;
}

/** Adds a grant; all others are kept. */
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

/** Removes a grant, even if another resource of the program depends on it, as the provider does. */
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

/** The member in the policy's spelling, if it has the grant. */
export function findMember(policy: Properties, grant: Grant): string | undefined {
  const wanted = grant.member.toLowerCase();
  const binding = findBinding(policy, grant);
  return binding && membersOf(binding).find((member) => member.toLowerCase() === wanted);
}

/**
 * Reads the policy, changes it and writes it with its etag, and starts again after a conflict. Then reads it back
 * until that has succeeded three times.
 *
 * @param written Called when Google has stored the change.
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

/** The policies that are being changed; the provider uses the same locks. */
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
