import type { Delegations } from "../shared/delegations.ts";

/** A service account, with what is left of it after deletion. */
export interface ServiceAccount {
  readonly projectId: string;
  readonly email: string;
  readonly uniqueId: string;
  displayName: string;
  description: string;
  disabled: boolean;
  etag: string;
  /** When it was deleted, in milliseconds; it can be brought back for 30 days. */
  deletedAt?: number;
}

/** The public half of a service account key. The private half leaves with the answer that made it. */
export interface ServiceAccountKey {
  readonly id: string;
  readonly accountId: string;
  readonly algorithm: string;
  readonly publicKey: string;
  readonly certificate: string;
  readonly createdAt: number;
  /** From when Google's token endpoint knows the key. */
  readonly usableFrom: number;
  disabled: boolean;
}

/** A token of an account, or of an identity of another provider, known by its fingerprint. */
export interface AccessToken {
  readonly fingerprint: string;
  /** `uniqueId` of the account; none for an identity of another provider. */
  readonly accountId?: string;
  /** The identity of another provider, as policies name it. */
  readonly principal?: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number;
}

/** One role and who has it. */
export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

/** An IAM policy. */
export interface Policy {
  etag: string;
  bindings: readonly Binding[];
  /** From when a member has a role, for grants that are still on their way; key is "role member". */
  effectiveFrom: Record<string, number>;
}

/** The records of one name and type. */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

/** A change of a zone's records, made as a whole. */
export interface Change {
  readonly id: string;
  readonly startTime: string;
  readonly additions: readonly RecordSet[];
  readonly deletions: readonly RecordSet[];
  /** From when its status is "done". */
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

/** A project. */
export interface Project {
  readonly projectId: string;
  readonly projectNumber: string;
  readonly name: string;
  readonly createTime: string;
  readonly policy: Policy;
  zones: ManagedZone[];
}

/** An identity of another provider that a workload identity pool takes. */
export interface WorkloadIdentity {
  /** The pool's provider, as the audience of the exchange. */
  readonly audience: string;
  /** The member that stands for it in policies: `principal://iam.googleapis.com/…`. */
  readonly principal: string;
  /** Fingerprint of the token with which the other provider says who it is. */
  readonly fingerprint: string;
}

/** What the sandbox can set. */
export interface GoogleSettings {
  /** How long a new key stays unknown to the token endpoint. */
  keyDelayMs: number;
  /** How long a new grant stays without effect. */
  grantDelayMs: number;
  /** How long a change of records stays pending. */
  changeDelayMs: number;
  /**
   * Whether the id of a deleted account may be used again at once. Google allows it, for a new account that has none of
   * the old one's roles (https://cloud.google.com/iam/docs/service-accounts-delete-undelete). Off, the emulator is
   * stricter and blocks the id for the 30 days in which the account can be brought back, so that a program that relies
   * on one fixed id is found out.
   */
  reuseDeletedIds: boolean;
  /** APIs that are not enabled in any project, such as `iam.googleapis.com`. */
  disabledServices: readonly string[];
  /** Constraints of the organization's policy that are enforced in every project, such as `iam.disableServiceAccountKeyCreation`. */
  enforcedConstraints: readonly string[];
  /**
   * Whose identities may get roles, as the constraint `iam.allowedPolicyMemberDomains` lists them: ids of customers, and
   * `principalSet://` of organizations; empty: anybody's.
   */
  allowedMemberDomains: readonly string[];
  /** Whether the operator may read the organization's policy, and the organization. */
  policyReadable: boolean;
  /** Address of the service account as which the metadata server lets its callers act; empty: there is no metadata server. */
  metadataAccount: string;
  /** How many items a page of a list has at most; 0: as many as Google's. */
  pageSize?: number;
}

/** All that the emulator of Google Cloud knows. */
export interface GoogleState {
  projects: Project[];
  accounts: ServiceAccount[];
  keys: ServiceAccountKey[];
  accessTokens: AccessToken[];
  /** Policies on service accounts themselves, by uniqueId. */
  accountPolicies: Record<string, Policy>;
  /** Identities of other providers. */
  workloadIdentities?: readonly WorkloadIdentity[];
  /** What the zones above say in place of the clouds' own name servers. */
  delegations?: Delegations;
  settings: GoogleSettings;
}

/** A cloud in which nobody has made anything yet. */
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
