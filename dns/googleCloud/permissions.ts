/** The default role of the created service account. */
export const defaultDnsRole = "roles/dns.admin";

/** The forms of a role's name, for messages. */
export const roleForms = "roles/…, projects/…/roles/… and organizations/…/roles/…";

/**
 * Whether a text has the form of a role's name, predefined or custom.
 *
 * @see https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles
 */
export function isRoleName(text: string): boolean {
  return /^(projects\/[a-z0-9.:-]+\/|organizations\/\d+\/)?roles\/[\w.]{3,64}$/.test(text);
}

/**
 * The permissions that lego needs on the managed zone: lego reads the zone and the record sets, creates changes and waits
 * for each (go-acme/lego, providers/dns/gcloud/googlecloud.go).
 *
 * @see https://cloud.google.com/dns/docs/access-control#permissions
 */
export const issuerPermissions = [
  "dns.changes.create",
  "dns.changes.get",
  "dns.managedZones.get",
  "dns.resourceRecordSets.create",
  "dns.resourceRecordSets.delete",
  "dns.resourceRecordSets.list",
] as const;

/**
 * The permissions that a role for `dns.role` must have: those of lego, and the one for replacing the record of an
 * interrupted proof.
 */
export const challengePermissions = [
  ...issuerPermissions,
  "dns.resourceRecordSets.update",
] as const;

/** A step that creates a resource at Google. Each step needs its own permissions. */
export type CredentialStep = "account" | "zoneGrant" | "projectGrant" | "key";

/** The kind of resource on which permissions are tested. */
export type PermissionPlace = "project" | "zone" | "account";

/** The permissions that a step needs. */
interface StepNeeds {
  readonly place: PermissionPlace;
  readonly permissions: readonly string[];
  /** The predefined role that has them. */
  readonly role: string;
  /** A custom role with only these permissions, where the predefined role has far more. */
  readonly customRole?: { readonly id: string; readonly title: string };
  /** The purpose of the permissions, as a clause after "which". */
  readonly purpose: string;
}

/**
 * The permissions that the identity that runs Pulumi needs for each step: for the calls of the gcp plugin, which reads back
 * everything that it creates.
 *
 * Without the permission to delete keys, a rotation would leave two keys: the plugin treats Google's 403 as "deleted
 * already" (terraform-provider-google, resource_google_service_account_key.go).
 *
 * @see https://cloud.google.com/iam/docs/roles-permissions/dns
 * @see https://cloud.google.com/iam/docs/roles-permissions/iam
 */
export const stepNeeds: Readonly<Record<CredentialStep, StepNeeds>> = {
  account: {
    place: "project",
    permissions: ["iam.serviceAccounts.create", "iam.serviceAccounts.get"],
    role: "roles/iam.serviceAccountAdmin",
    purpose: "creating a service account requires",
  },
  zoneGrant: {
    place: "zone",
    permissions: ["dns.managedZones.getIamPolicy", "dns.managedZones.setIamPolicy"],
    role: "roles/iam.securityAdmin",
    customRole: { id: "akashZoneGrants", title: "Grants on DNS zones" },
    purpose: "granting a role on it requires; roles/dns.admin lacks the second",
  },
  projectGrant: {
    place: "project",
    permissions: ["resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"],
    role: "roles/resourcemanager.projectIamAdmin",
    purpose: "granting a role on it requires",
  },
  key: {
    place: "account",
    permissions: [
      "iam.serviceAccountKeys.create",
      "iam.serviceAccountKeys.delete",
      "iam.serviceAccountKeys.get",
    ],
    role: "roles/iam.serviceAccountKeyAdmin",
    purpose: "creating a key and deleting it after its rotation require",
  },
};

/** All permissions that a stack with the default grant needs, for one custom role in place of four. */
export const operatorPermissions: readonly string[] = [
  "dns.managedZones.get",
  "dns.managedZones.list",
  ...stepNeeds.zoneGrant.permissions,
  ...stepNeeds.key.permissions,
  "iam.serviceAccountKeys.list",
  ...stepNeeds.account.permissions,
  "iam.serviceAccounts.delete",
].sort();
