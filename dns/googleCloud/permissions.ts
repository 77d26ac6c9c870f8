/** The role that a made service account gets where the stack names no other. */
export const defaultDnsRole = "roles/dns.admin";

/** The forms of a role's name, for sentences. */
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
 * What lego calls on the managed zone: it reads the zone and the record sets, makes changes and waits for each
 * (go-acme/lego, providers/dns/gcloud/googlecloud.go).
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
 * What a role for `dns.role` must have: the same, and what the proof takes to replace the record that an interrupted one has
 * left.
 */
export const challengePermissions = [
  ...issuerPermissions,
  "dns.resourceRecordSets.update",
] as const;

/** A step in which something is made at Google, each of which takes permissions of its own. */
export type CredentialStep = "account" | "zoneGrant" | "projectGrant" | "key";

/** On what permissions are asked. */
export type PermissionPlace = "project" | "zone" | "account";

/** What a step takes of whoever runs Pulumi. */
interface StepNeeds {
  readonly place: PermissionPlace;
  readonly permissions: readonly string[];
  /** The predefined role that has them. */
  readonly role: string;
  /** A custom role that has no more than these, where the predefined one reaches much further. */
  readonly customRole?: { readonly id: string; readonly title: string };
  /** What the permissions are for, to be read after "which". */
  readonly purpose: string;
}

/**
 * What each step takes of whoever runs Pulumi: the calls of the gcp plugin, which reads everything back that it has made.
 *
 * A key that cannot be deleted would end the rotation with two: the plugin takes Google's 403 for "gone already"
 * (terraform-provider-google, resource_google_service_account_key.go).
 *
 * @see https://cloud.google.com/iam/docs/roles-permissions/dns
 * @see https://cloud.google.com/iam/docs/roles-permissions/iam
 */
export const stepNeeds: Readonly<Record<CredentialStep, StepNeeds>> = {
  account: {
    place: "project",
    permissions: ["iam.serviceAccounts.create", "iam.serviceAccounts.get"],
    role: "roles/iam.serviceAccountAdmin",
    purpose: "making a service account takes",
  },
  zoneGrant: {
    place: "zone",
    permissions: ["dns.managedZones.getIamPolicy", "dns.managedZones.setIamPolicy"],
    role: "roles/iam.securityAdmin",
    customRole: { id: "akashZoneGrants", title: "Grants on DNS zones" },
    purpose: "granting a role on it takes; roles/dns.admin lacks the second",
  },
  projectGrant: {
    place: "project",
    permissions: ["resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"],
    role: "roles/resourcemanager.projectIamAdmin",
    purpose: "granting a role on it takes",
  },
  key: {
    place: "account",
    permissions: [
      "iam.serviceAccountKeys.create",
      "iam.serviceAccountKeys.delete",
      "iam.serviceAccountKeys.get",
    ],
    role: "roles/iam.serviceAccountKeyAdmin",
    purpose: "making a key takes, and deleting it after its rotation",
  },
};

/** All that a stack takes of whoever runs Pulumi with the default grant, for one custom role in place of four. */
export const operatorPermissions: readonly string[] = [
  "dns.managedZones.get",
  "dns.managedZones.list",
  ...stepNeeds.zoneGrant.permissions,
  ...stepNeeds.key.permissions,
  "iam.serviceAccountKeys.list",
  ...stepNeeds.account.permissions,
  "iam.serviceAccounts.delete",
].sort();
