import type { GoogleContext } from "./context.ts";
import type { CustomRole } from "./state.ts";

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

const READ = [...DNS_READ, ...PROJECT_READ, ...ACCOUNT_READ, ...KEY_READ, "iam.roles.get"];
const WRITE = [...DNS_WRITE, ...ACCOUNT_WRITE, ...KEY_WRITE];
const ROLE_WRITE: readonly string[] = ["iam.roles.create", "iam.roles.update"];
const POLICY = [
  ...DNS_POLICY,
  "iam.serviceAccounts.setIamPolicy",
  "resourcemanager.projects.setIamPolicy",
];

/**
 * The permissions of each role, limited to those that the emulated calls require.
 *
 * @see https://cloud.google.com/iam/docs/roles-permissions/dns
 * @see https://cloud.google.com/iam/docs/roles-permissions/iam
 * @see https://cloud.google.com/iam/docs/roles-permissions/resourcemanager
 * @see https://cloud.google.com/iam/docs/roles-overview#basic
 */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  "roles/owner": [...READ, ...WRITE, ...ROLE_WRITE, ...POLICY],
  "roles/editor": [...READ, ...WRITE],
  "roles/viewer": READ,
  "roles/dns.admin": [
    ...DNS_READ,
    ...DNS_WRITE,
    "dns.managedZones.getIamPolicy",
    "resourcemanager.projects.get",
  ],
  "roles/dns.reader": [...DNS_READ, "resourcemanager.projects.get"],
  "roles/iam.securityAdmin": [
    ...DNS_POLICY,
    ...PROJECT_READ,
    "dns.managedZones.list",
    "iam.roles.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.list",
    "iam.serviceAccounts.setIamPolicy",
    "resourcemanager.projects.setIamPolicy",
  ],
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

/** The permissions of a predefined role; undefined for a role that is not emulated. */
export function predefinedPermissions(role: string): readonly string[] | undefined {
  return Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
}

/** All permissions of the predefined roles, which a custom role can have. */
export const KNOWN_PERMISSIONS: ReadonlySet<string> = new Set(Object.values(ROLES).flat());

/** The custom role with this full name. */
export function findCustomRole({ state }: GoogleContext, name: string): CustomRole | undefined {
  return state.projects.flatMap(({ roles = [] }) => roles).find((role) => role.name === name);
}

/** The permissions of a role, predefined or custom; undefined for a missing role. */
export function permissionsOf(context: GoogleContext, role: string): readonly string[] | undefined {
  return predefinedPermissions(role) ?? findCustomRole(context, role)?.permissions;
}
