import { listOf, mapProperties, objectOf, type Properties, sameValue, textOf } from "../values.ts";

/** The request body for the inputs of a token. */
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
 * The outputs from a response. A value with the same meaning as before keeps its present form: the order of the
 * policies and of their groups, and the format of a time.
 *
 * @param known The inputs or the state of the response's resource.
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

/** Whether two texts are the same point in time. */
export function sameTime(one: unknown, other: unknown): boolean {
  return Date.parse(textOf(one)) === Date.parse(textOf(other));
}

/** Whether two lists have the same policies, regardless of the order of policies and of groups. */
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

/** The resources are the server's text; another order of its keys is a difference. */
function policyOf({ effect, permission_groups: groups, resources }: Properties): Properties {
  return {
    effect,
    permissionGroups: listOf(groups).map((group) => ({ id: objectOf(group).id })),
    resources: JSON.stringify(resources),
  };
}

/** The policies found, with the known ones first and in their order. */
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

/** Omits null and undefined values. */
function keep(value: unknown): unknown {
  return value ?? undefined;
}
