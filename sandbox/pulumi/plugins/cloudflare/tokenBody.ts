import { listOf, mapProperties, objectOf, type Properties, sameValue, textOf } from "../values.ts";

/** What a request sends for the inputs of a token. */
export function toBody(inputs: Properties): Properties {
  const { name, status, notBefore, expiresOn, condition } = inputs;
  const { ins, notIns } = objectOf(objectOf(condition).requestIp);
  return mapProperties(
    {
      name,
      status,
      not_before: notBefore,
      expires_on: expiresOn,
      policies: listOf(inputs.policies).map((policy) => policyBody(objectOf(policy))),
      condition: condition && { request_ip: mapProperties({ in: ins, not_in: notIns }, keep) },
    },
    keep,
  );
}

/**
 * The outputs that an answer gives. What means the same as before is kept as it was written: the order of the
 * policies and of their groups, and the form of a time.
 *
 * @param known The inputs, or the state, that the answer belongs to.
 */
export function fromBody(body: Properties, known: Properties): Properties {
  const requestIp = objectOf(objectOf(body.condition).request_ip);
  const condition = {
    requestIp: mapProperties({ ins: requestIp.in, notIns: requestIp.not_in }, keep),
  };
  return mapProperties(
    {
      name: body.name,
      status: body.status,
      notBefore: timeOf(body.not_before, known.notBefore),
      expiresOn: timeOf(body.expires_on, known.expiresOn),
      policies: inOrder(
        listOf(body.policies).map((policy) => policyOf(objectOf(policy))),
        listOf(known.policies).map(objectOf),
      ),
      condition: sameValue(requestIp, {}) ? undefined : condition,
      issuedOn: body.issued_on,
      modifiedOn: body.modified_on,
      lastUsedOn: body.last_used_on,
      creatorEmailAtCreation: body.creator_email_at_creation,
      provisionerId: body.provisioner_id,
      provisionerType: body.provisioner_type,
    },
    keep,
  );
}

/** Whether two texts are the same point of time. */
export function sameTime(one: unknown, other: unknown): boolean {
  return Date.parse(textOf(one)) === Date.parse(textOf(other));
}

/** Whether two lists hold the same policies: the order of policies and of groups says nothing. */
export function samePolicies(one: unknown, other: unknown): boolean {
  const [olds, wanted] = [listOf(one).map(objectOf), listOf(other).map(objectOf)];
  const text = ({ effect, resources, permissionGroups }: Properties) =>
    JSON.stringify([effect, resources, groupsOf({ permissionGroups })]);
  return sameValue(olds.map(text).sort(), wanted.map(text).sort());
}

function policyBody({ effect, permissionGroups, resources }: Properties): Properties {
  return {
    effect,
    permission_groups: listOf(permissionGroups).map((group) => ({ id: objectOf(group).id })),
    resources: JSON.parse(textOf(resources)) as unknown,
  };
}

/** The resources come back as the text that the server wrote; another order of its keys is a difference. */
function policyOf({ effect, permission_groups: groups, resources }: Properties): Properties {
  return {
    effect,
    permissionGroups: listOf(groups).map((group) => ({ id: objectOf(group).id })),
    resources: JSON.stringify(resources),
  };
}

/** The policies found, those that were known first and in their order. */
function inOrder(found: readonly Properties[], known: readonly Properties[]): Properties[] {
  const left = [...found];
  const matched = known.flatMap((policy) => {
    const index = left.findIndex((candidate) => samePolicy(candidate, policy));
    const [match] = index < 0 ? [] : left.splice(index, 1);
    return match ? [{ ...match, permissionGroups: policy.permissionGroups }] : [];
  });
  return [...matched, ...left];
}

function samePolicy(one: Properties, other: Properties): boolean {
  return (
    one.effect === other.effect &&
    sameValue(groupsOf(one), groupsOf(other)) &&
    sameValue(JSON.parse(textOf(one.resources)), JSON.parse(textOf(other.resources)))
  );
}

function groupsOf({ permissionGroups }: Properties): string[] {
  return listOf(permissionGroups)
    .map((group) => textOf(objectOf(group).id))
    .sort();
}

function timeOf(found: unknown, known: unknown): unknown {
  return sameTime(found, known) ? known : found;
}

/** Leaves out what is null as well as what is undefined. */
function keep(value: unknown): unknown {
  return value ?? undefined;
}
