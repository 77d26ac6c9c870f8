/*
 * The fields of responses that the tests read. A field is declared as present even if only some calls return it:
 * reading a missing field fails the test, as intended.
 */

/** Responses of Google's token endpoint. */
export interface OAuthBody {
  readonly access_token: string;
  readonly expires_in: number;
  readonly token_type: string;
  readonly error: string;
  readonly error_description: string;
  readonly email: string;
}

/** A record set of Cloud DNS. */
export interface RecordSetBody {
  readonly name: string;
  readonly type: string;
  readonly rrdatas: readonly string[];
}

/** Responses of Google's other services. */
export interface GoogleBody {
  readonly error: {
    readonly message: string;
    readonly status: string;
    readonly errors: readonly [{ readonly reason: string }];
    readonly details: readonly [{ readonly metadata: { readonly permission: string } }];
  };
  readonly id: string;
  readonly name: string;
  readonly status: string;
  // Service accounts and keys.
  readonly accounts: readonly GoogleBody[];
  readonly restoredAccount: GoogleBody;
  readonly email: string;
  readonly uniqueId: string;
  readonly displayName: string;
  readonly description: string;
  readonly keys: readonly [GoogleBody];
  readonly privateKeyData: string;
  readonly publicKeyData: string;
  readonly keyAlgorithm: string;
  readonly validBeforeTime: string;
  // Policies.
  readonly etag: string;
  readonly bindings: readonly [{ readonly role: string; readonly members: readonly string[] }];
  readonly permissions: readonly string[];
  readonly lifecycleState: string;
  // Zones and their records.
  readonly managedZones: readonly GoogleBody[];
  readonly dnsName: string;
  readonly visibility: string;
  readonly rrsets: readonly [RecordSetBody];
  readonly additions: readonly [RecordSetBody];
}

/** A token, zone, record or permission group of Cloudflare. */
export interface CloudflareResult {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly value: string;
  readonly scopes: readonly string[];
  readonly content: string;
  readonly ttl: number;
  readonly comment: string | null;
  readonly account: { readonly id: string; readonly name: string };
  readonly name_servers: readonly string[];
  readonly paused: boolean;
  readonly expires_on: string;
  readonly last_used_on: string | null;
  readonly policies: readonly [
    {
      readonly resources: object;
      readonly permission_groups: readonly { readonly id: string; readonly name: string }[];
    },
  ];
  readonly condition: { readonly request_ip: object };
}

/** Responses of Cloudflare. */
export interface CloudflareBody<Result = CloudflareResult> {
  readonly success: boolean;
  readonly result: Result;
  readonly errors: readonly [
    {
      readonly code: number;
      readonly message: string;
      readonly error_chain: readonly [{ readonly code: number }];
    },
  ];
  readonly messages: readonly [{ readonly message: string }];
  readonly result_info: { readonly total_count: number; readonly count: number };
}

/** One call in the list of calls. */
export interface CallBody {
  readonly method: string;
  readonly path: string;
  readonly status: number | "reset";
  readonly who: string;
  readonly denied: string;
  readonly fault: string;
}

/** Responses of the control API. */
export interface ControlBody {
  readonly error: string;
  readonly calls: readonly CallBody[];
  readonly faults: readonly object[];
  readonly records: readonly object[];
}
