/** The organization that all projects are in, by its id, and as a customer of Google Workspace or Cloud Identity. */
export const organization = {
  id: "500000000001",
  name: "sandbox.invalid",
  customer: "C0sandbx1",
} as const;

/** The list constraint that says whose identities may get roles (domain-restricted sharing). */
export const sharingConstraint = "iam.allowedPolicyMemberDomains";

/** Whether a list of that constraint has the organization's own identities, service accounts included. */
export function allowsOwnIdentities(allowed: readonly string[]): boolean {
  const { id, customer } = organization;
  const own = [customer, `is:${customer}`, `principalSet://iam.googleapis.com/organizations/${id}`];
  return allowed.length === 0 || allowed.some((value) => own.includes(value));
}
