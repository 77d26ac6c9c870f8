/** The organization of all projects, by its id, and as a customer of Google Workspace or Cloud Identity. */
export const organization = {
  id: "500000000001",
  name: "sandbox.invalid",
  customer: "C0sandbx1",
} as const;

/** The list constraint that restricts the identities that can be granted roles (domain-restricted sharing). */
export const sharingConstraint = "iam.allowedPolicyMemberDomains";

/** Whether a list of that constraint contains the organization's own identities, including service accounts. */
export function allowsOwnIdentities(allowed: readonly string[]): boolean {
  const { id, customer } = organization;
  const own = [customer, `is:${customer}`, `principalSet://iam.googleapis.com/organizations/${id}`];
  return allowed.length === 0 || allowed.some((value) => own.includes(value));
}
