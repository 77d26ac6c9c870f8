import type { Delegations } from "../shared/delegations.ts";

/** A service account; after deletion, the fields that remain. */
export interface ServiceAccount {
  readonly projectId: string;
  readonly email: string;
  readonly uniqueId: string;
  displayName: string;
  description: string;
  disabled: boolean;
  etag: string;
  /** Time of deletion, in milliseconds; the account can be restored for 30 days. */
  deletedAt?: number;
}

/** The public half of a service account key. The private half is only in the response that created the key. */
export interface ServiceAccountKey {
  readonly id: string;
  readonly accountId: string;
  readonly algorithm: string;
  readonly publicKey: string;
  readonly certificate: string;
  readonly createdAt: number;
  /** The time from which Google's token endpoint knows the key. */
  readonly usableFrom: number;
  disabled: boolean;
}

/** A token of an account, or of an identity of another provider, stored by its fingerprint. */
export interface AccessToken {
  readonly fingerprint: string;
  /** `uniqueId` of the account; absent for an identity of another provider. */
  readonly accountId?: string;
  /** The name in policies of an identity of another provider. */
  readonly principal?: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number;
}

/** One role and its members. */
export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

/** An IAM policy. */
export interface Policy {
  etag: string;
  bindings: readonly Binding[];
  /** The time from which a member has a role, for grants that have not taken effect yet; the key is "role member". */
  effectiveFrom: Record<string, number>;
}

/** The records of one name and type. */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

/** An atomic change of a zone's records. */
export interface Change {
  readonly id: string;
  readonly startTime: string;
  readonly additions: readonly RecordSet[];
  readonly deletions: readonly RecordSet[];
  /** The time from which its status is "done". */
  readonly doneAt: number;
}

/** A zone of Cloud DNS. */
export interface ManagedZone {
  readonly id: string;
  readonly name: string;
  readonly dnsName: string;
  readonly description: string;
  readonly visibility: "public" | "private";
  readonly nameServers: readonly string[];
  readonly creationTime: string;
  readonly policy: Policy;
  recordSets: RecordSet[];
  changes: Change[];
}

/** A custom role of a project. */
export interface CustomRole {
  /** The full name, `projects/<id>/roles/<name>`. */
  readonly name: string;
  title: string;
  permissions: readonly string[];
}

/** A project. */
export interface Project {
  readonly projectId: string;
  readonly projectNumber: string;
  readonly name: string;
  readonly createTime: string;
  readonly policy: Policy;
  zones: ManagedZone[];
  /** The project's custom roles. The state of an earlier version has none. */
  roles?: CustomRole[];
}

/** An identity of another provider that a workload identity pool accepts. */
export interface WorkloadIdentity {
  /** The pool's provider, as the audience of the exchange. */
  readonly audience: string;
  /** Its member name in policies: `principal://iam.googleapis.com/…`. */
  readonly principal: string;
  /** Fingerprint of the token by which the other provider identifies it. */
  readonly fingerprint: string;
}

/** The settings of the emulator. */
export interface GoogleSettings {
  /** How long a new key is unknown to the token endpoint, in milliseconds. */
  keyDelayMs: number;
  /** How long a new grant has no effect, in milliseconds. */
  grantDelayMs: number;
  /** How long a change of records is pending, in milliseconds. */
  changeDelayMs: number;
  /**
   * Whether the id of a deleted account can be reused at once. Google allows this for a new account, which has none
   * of the old one's roles (https://cloud.google.com/iam/docs/service-accounts-delete-undelete). If false, the
   * emulator is stricter and blocks the id for the 30 days in which the account can be restored, which reveals a
   * program that depends on one fixed id.
   */
  reuseDeletedIds: boolean;
  /** APIs that are not enabled in any project, such as `iam.googleapis.com`. */
  disabledServices: readonly string[];
  /**
   * Constraints of the organization policy that are enforced in every project, such as
   * `iam.disableServiceAccountKeyCreation`.
   */
  enforcedConstraints: readonly string[];
  /**
   * The identities that can be granted roles, as in the constraint `iam.allowedPolicyMemberDomains`: ids of
   * customers, and `principalSet://` of organizations; empty: all.
   */
  allowedMemberDomains: readonly string[];
  /** Whether the operator may read the organization policy and the organization. */
  policyReadable: boolean;
  /** Address of the service account of the metadata server; empty: there is no metadata server. */
  metadataAccount: string;
  /** The maximum number of items on a page of a list; 0: Google's maximum. */
  pageSize?: number;
}

/** The whole state of the Google emulator. */
export interface GoogleState {
  projects: Project[];
  accounts: ServiceAccount[];
  keys: ServiceAccountKey[];
  accessTokens: AccessToken[];
  /** Policies of the service accounts themselves, by uniqueId. */
  accountPolicies: Record<string, Policy>;
  /** Identities of other providers. */
  workloadIdentities?: readonly WorkloadIdentity[];
  /** Delegations in parent zones that differ from the assigned name servers. */
  delegations?: Delegations;
  settings: GoogleSettings;
}

/** The state of an empty Google Cloud. */
export function emptyGoogleState(): GoogleState {
  return {
    projects: [],
    accounts: [],
    keys: [],
    accessTokens: [],
    accountPolicies: {},
    settings: {
      keyDelayMs: 0,
      grantDelayMs: 0,
      changeDelayMs: 0,
      reuseDeletedIds: false,
      disabledServices: [],
      enforcedConstraints: [],
      allowedMemberDomains: [],
      policyReadable: true,
      metadataAccount: "",
    },
  };
}
