const DNS_READ: readonly string[] = [
  "dns.changes.get",
  "dns.changes.list",
  "dns.managedZones.get",
  "dns.managedZones.list",
  "dns.projects.get",
  "dns.resourceRecordSets.get",
  "dns.resourceRecordSets.list",
];

const DNS_WRITE: readonly string[] = [
  "dns.changes.create",
  "dns.managedZones.create",
  "dns.managedZones.delete",
  "dns.managedZones.update",
  "dns.resourceRecordSets.create",
  "dns.resourceRecordSets.delete",
  "dns.resourceRecordSets.update",
];

const DNS_POLICY: readonly string[] = [
  "dns.managedZones.getIamPolicy",
  "dns.managedZones.setIamPolicy",
];

const PROJECT_READ: readonly string[] = [
  "resourcemanager.projects.get",
  "resourcemanager.projects.getIamPolicy",
];

const ACCOUNT_READ: readonly string[] = [
  "iam.serviceAccounts.get",
  "iam.serviceAccounts.getIamPolicy",
  "iam.serviceAccounts.list",
];

const ACCOUNT_WRITE: readonly string[] = [
  "iam.serviceAccounts.create",
  "iam.serviceAccounts.delete",
  "iam.serviceAccounts.disable",
  "iam.serviceAccounts.enable",
  "iam.serviceAccounts.undelete",
  "iam.serviceAccounts.update",
];

const KEY_READ: readonly string[] = ["iam.serviceAccountKeys.get", "iam.serviceAccountKeys.list"];

const KEY_WRITE: readonly string[] = [
  "iam.serviceAccountKeys.create",
  "iam.serviceAccountKeys.delete",
  "iam.serviceAccountKeys.disable",
  "iam.serviceAccountKeys.enable",
];

const READ = [...DNS_READ, ...PROJECT_READ, ...ACCOUNT_READ, ...KEY_READ];
const WRITE = [...DNS_WRITE, ...ACCOUNT_WRITE, ...KEY_WRITE];
const POLICY = [
  ...DNS_POLICY,
  "iam.serviceAccounts.setIamPolicy",
  "resourcemanager.projects.setIamPolicy",
];

/**
 * What each role allows, of the permissions that the emulated calls ask for.
 *
 * @see https://cloud.google.com/iam/docs/roles-permissions/dns
 * @see https://cloud.google.com/iam/docs/roles-permissions/iam
 * @see https://cloud.google.com/iam/docs/roles-permissions/resourcemanager
 * @see https://cloud.google.com/iam/docs/roles-overview#basic
 */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  "roles/owner": [...READ, ...WRITE, ...POLICY],
  "roles/editor": [...READ, ...WRITE],
  "roles/viewer": READ,
  "roles/dns.admin": [...DNS_READ, ...DNS_WRITE, ...DNS_POLICY, "resourcemanager.projects.get"],
  "roles/dns.reader": [...DNS_READ, "resourcemanager.projects.get"],
  "roles/iam.serviceAccountAdmin": [
    ...ACCOUNT_READ,
    ...ACCOUNT_WRITE,
    "iam.serviceAccounts.setIamPolicy",
    "resourcemanager.projects.get",
  ],
  "roles/iam.serviceAccountCreator": [
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.list",
    "resourcemanager.projects.get",
  ],
  "roles/iam.serviceAccountKeyAdmin": [
    ...KEY_READ,
    ...KEY_WRITE,
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.list",
    "resourcemanager.projects.get",
  ],
  "roles/iam.serviceAccountViewer": [...ACCOUNT_READ, ...KEY_READ, "resourcemanager.projects.get"],
  "roles/iam.serviceAccountTokenCreator": [
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.list",
  ],
  "roles/iam.workloadIdentityUser": [
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.list",
  ],
  "roles/resourcemanager.projectIamAdmin": [
    ...PROJECT_READ,
    "resourcemanager.projects.setIamPolicy",
  ],
};

/** The permissions of a role, or undefined for a role that the emulator does not have. */
export function permissionsOf(role: string): readonly string[] | undefined {
  return Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
}
