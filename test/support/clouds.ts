import { controlToken } from "../../sandbox/cluster/clouds.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";

/** A fault to inject (sandbox/emulators/shared/faults.ts). */
export interface Fault {
  readonly match: string;
  readonly status?: number;
  readonly delayMs?: number;
  readonly echo?: boolean;
  readonly times?: number;
  readonly when?: "before" | "after";
}

/** The part of Google's state that the tests read. */
export interface GoogleHoldings {
  /** User-managed keys, by account. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly accounts: readonly string[];
  /** Roles by member, of the project and of its zones. */
  readonly grants: readonly {
    readonly on: string;
    readonly role: string;
    readonly member: string;
  }[];
  /** Names of TXT record sets. */
  readonly txt: readonly string[];
}

const project = "sandbox-project";
const projectPath = `/v1/projects/${project}`;
const zonePath = (zone: string) => `/dns/v1/projects/${project}/managedZones/${zone}`;

/** A client of the sandbox's emulators for tests. */
export class SandboxClouds {
  private readonly sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  async inject(cloud: "google" | "cloudflare", fault: Fault): Promise<void> {
    await this.control(cloud, "POST", "faults", fault);
  }

  /** Creates and changes zones and their delegation in DNS, with the input of the emulator's control API. */
  async seed(cloud: "google" | "cloudflare", what: object): Promise<void> {
    await this.control(cloud, "POST", "seed", what);
  }

  /** Configures the emulator. */
  async set(cloud: "google" | "cloudflare", settings: object): Promise<void> {
    await this.control(cloud, "PATCH", "settings", settings);
  }

  /** Whether each fault has occurred as often as configured. */
  async faultsSpent(cloud: "google" | "cloudflare"): Promise<boolean> {
    const { faults } = await this.control<{ readonly faults: readonly unknown[] }>(
      cloud,
      "GET",
      "faults",
    );
    return faults.length === 0;
  }

  async clearFaults(): Promise<void> {
    await this.control("google", "DELETE", "faults");
    await this.control("cloudflare", "DELETE", "faults");
  }

  async google(): Promise<GoogleHoldings> {
    const emails = await this.accounts();
    const keys = await Promise.all(
      emails.map(async (email) => [email, await this.keysOf(email)] as const),
    );
    const zones = ["example-test", "other-test"];
    const resources = [
      `/v1/projects/${project}`,
      ...zones.map((zone) => `/dns/v1/projects/${project}/managedZones/${zone}`),
    ];
    const grants = await Promise.all(
      resources.map(async (resource) => {
        const { bindings = [] } = await this.googleCall<{
          readonly bindings?: readonly { readonly role: string; readonly members: string[] }[];
        }>("POST", `${resource}:getIamPolicy`, {});
        return bindings.flatMap(({ role, members }) =>
          members.map((member) => ({ on: resource.split("/").at(-1) ?? "", role, member })),
        );
      }),
    );
    const records = await Promise.all(
      zones.map((zone) =>
        this.googleCall<{ readonly rrsets: readonly { readonly name: string }[] }>(
          "GET",
          `/dns/v1/projects/${project}/managedZones/${zone}/rrsets?type=TXT`,
        ),
      ),
    );
    return {
      accounts: emails,
      keys: Object.fromEntries(keys),
      grants: grants.flat(),
      txt: records.flatMap(({ rrsets }) => rrsets.map(({ name }) => name)),
    };
  }

  /** Ids of the credentials that stacks have created at Google Cloud or Cloudflare. */
  async credentials(cloud: "google" | "cloudflare"): Promise<readonly string[]> {
    if (cloud === "cloudflare") {
      return (await this.stacksTokens()).map(({ id }) => id);
    }
    const keys = await Promise.all(
      (await this.stacksAccounts()).map((email) => this.keysOf(email)),
    );
    return keys.flat();
  }

  /** Addresses of the service accounts that stacks have created. */
  async stacksAccounts(): Promise<readonly string[]> {
    return (await this.accounts()).filter((email) => email.startsWith("akash-dns-"));
  }

  /**
   * The API tokens that stacks have created.
   *
   * @param accountId the owner. Default: the user
   */
  async stacksTokens(accountId?: string): Promise<readonly CloudflareToken[]> {
    const tokens = await this.cloudflareTokens(accountId);
    return tokens.filter(({ name }) => name.startsWith("Akash provider DNS-01 for "));
  }

  /**
   * Creates a service account with these roles, and returns its key file.
   *
   * @param grants each on a zone, or on the project if no zone is named
   */
  async googleKey(
    accountId: string,
    grants: readonly { readonly zone?: string; readonly role: string }[],
  ): Promise<string> {
    const email = await this.makeAccount(accountId);
    for (const { zone, role } of grants) {
      const on = zone === undefined ? projectPath : zonePath(zone);
      await this.grant(on, role, `serviceAccount:${email}`);
    }
    return this.keyFile(email);
  }

  /** Creates an additional key for a service account, and returns its file. */
  async keyFile(email: string): Promise<string> {
    const { privateKeyData } = await this.googleCall<{ readonly privateKeyData: string }>(
      "POST",
      `/v1/projects/-/serviceAccounts/${email}/keys`,
      {},
    );
    return Buffer.from(privateKeyData, "base64").toString();
  }

  /** Creates a service account that is an owner of the project, and returns its address. */
  async projectOwner(accountId: string): Promise<string> {
    const email = await this.makeAccount(accountId);
    await this.grant(projectPath, "roles/owner", `serviceAccount:${email}`);
    return email;
  }

  /** Adds a member to the policy of a project or a zone, by its path. */
  async grant(path: string, role: string, member: string): Promise<void> {
    const { bindings = [], etag } = await this.googleCall<{
      readonly bindings?: readonly object[];
      readonly etag: string;
    }>("POST", `${path}:getIamPolicy`, {});
    await this.googleCall("POST", `${path}:setIamPolicy`, {
      policy: { etag, bindings: [...bindings, { role, members: [member] }] },
    });
  }

  /** Creates a custom role of the project, or changes the permissions of the existing one; returns its name. */
  async googleRole(roleId: string, permissions: readonly string[]): Promise<string> {
    const roles = `/v1/projects/${project}/roles`;
    const role = { includedPermissions: permissions };
    const { projects } = await this.control<{
      readonly projects: readonly { readonly roles?: readonly { readonly name: string }[] }[];
    }>("google", "GET", "state");
    const name = `projects/${project}/roles/${roleId}`;
    const isThere = projects.some(({ roles = [] }) => roles.some((one) => one.name === name));
    await (isThere
      ? this.googleCall("PATCH", `${roles}/${roleId}`, role)
      : this.googleCall("POST", roles, { roleId, role }));
    return name;
  }

  /** Allows only these members to act as a service account. */
  async allowActing(email: string, ...members: readonly string[]): Promise<void> {
    const role = "roles/iam.workloadIdentityUser";
    const bindings = members.length > 0 ? [{ role, members }] : [];
    const account = `/v1/projects/-/serviceAccounts/${email}`;
    await this.googleCall("POST", `${account}:setIamPolicy`, { policy: { bindings } });
  }

  /** Deletes a service account, as another team would. */
  async deleteAccount(email: string): Promise<void> {
    await this.googleCall("DELETE", `/v1/projects/-/serviceAccounts/${email}`);
  }

  /**
   * The existing API tokens, without the operator's.
   *
   * @param accountId the owner. Default: the user
   */
  async cloudflareTokens(accountId?: string): Promise<readonly CloudflareToken[]> {
    const owner = accountId === undefined ? "user" : `accounts/${accountId}`;
    const path = `/${owner}/tokens`;
    return (await this.cloudflareCall<readonly CloudflareToken[]>("GET", path)).result;
  }

  /**
   * Creates a token with these permission groups, each on the resource that it applies to: the zone example.test,
   * the user, or the account. Default: the permission groups for a challenge
   */
  async cloudflareToken(
    name: string,
    groups: readonly string[] = ["Zone Read", "DNS Write"],
  ): Promise<{ readonly id: string; readonly value: string }> {
    const { result } = await this.cloudflareCall<
      readonly { readonly id: string; readonly name: string; readonly scopes: readonly string[] }[]
    >("GET", "/user/tokens/permission_groups");
    const { userId, accounts } = await this.control<{
      readonly userId: string;
      readonly accounts: readonly { readonly id: string }[];
    }>("cloudflare", "GET", "state");
    const owners: Readonly<Record<string, string | undefined>> = {
      "com.cloudflare.api.user": userId,
      "com.cloudflare.api.account": accounts[0]?.id,
      "com.cloudflare.api.account.zone": await this.cloudflareZone(),
    };
    const policies = groups.map((group) => {
      const found = result.find((one) => one.name === group);
      const [scope = ""] = found?.scopes ?? [];
      return {
        effect: "allow",
        permission_groups: [{ id: found?.id }],
        resources: { [`${scope}.${owners[scope] ?? ""}`]: "*" },
      };
    });
    return (
      await this.cloudflareCall<{ readonly id: string; readonly value: string }>(
        "POST",
        "/user/tokens",
        { name, policies },
      )
    ).result;
  }

  /** All of Cloudflare's zones. */
  async cloudflareZones(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    const { result } = await this.cloudflareCall<
      readonly { readonly id: string; readonly name: string }[]
    >("GET", "/zones");
    return result;
  }

  private async cloudflareZone(): Promise<string> {
    const zones = await this.cloudflareZones();
    return zones.find(({ name }) => name === "example.test")?.id ?? "";
  }

  /** Deletes a credential without Pulumi. */
  async revoke(cloud: "google" | "cloudflare", id: string): Promise<void> {
    if (cloud === "cloudflare") {
      await this.cloudflareCall("DELETE", `/user/tokens/${id}`);
      return;
    }
    const { keys } = await this.google();
    const [email] = Object.entries(keys).find(([, ids]) => ids.includes(id)) ?? [];
    const account = `/v1/projects/-/serviceAccounts/${email ?? ""}`;
    await this.googleCall("DELETE", `${account}/keys/${id}`);
  }

  /** Creates an additional key for a service account. */
  async addKey(email: string): Promise<void> {
    await this.googleCall("POST", `/v1/projects/-/serviceAccounts/${email}/keys`, {});
  }

  /** Names of the TXT records in Cloudflare's zone example.test. */
  async cloudflareTxt(): Promise<readonly string[]> {
    const { result } = await this.cloudflareCall<readonly { readonly name: string }[]>(
      "GET",
      `/zones/${await this.cloudflareZone()}/dns_records?type=TXT`,
    );
    return result.map(({ name }) => name);
  }

  private async makeAccount(accountId: string): Promise<string> {
    const { email } = await this.googleCall<{ readonly email: string }>(
      "POST",
      `/v1/projects/${project}/serviceAccounts`,
      { accountId, serviceAccount: { displayName: accountId } },
    );
    return email;
  }

  private async accounts(): Promise<readonly string[]> {
    const { accounts = [] } = await this.googleCall<{
      readonly accounts?: readonly { readonly email: string }[];
    }>("GET", `/v1/projects/${project}/serviceAccounts`);
    return accounts.map(({ email }) => email);
  }

  /** Ids of an account's user-managed keys. */
  private async keysOf(email: string): Promise<readonly string[]> {
    const { keys = [] } = await this.googleCall<{
      readonly keys?: readonly { readonly name: string }[];
    }>("GET", `/v1/projects/-/serviceAccounts/${email}/keys?keyTypes=USER_MANAGED`);
    return keys.map(({ name }) => name.split("/").at(-1) ?? "");
  }

  /** A call to an emulator's control API. */
  async control<T>(
    cloud: "google" | "cloudflare",
    method: string,
    path: string,
    body?: object,
  ): Promise<T> {
    const token = controlToken(this.sandbox.directory);
    return call(method, `${this.sandbox.clouds.control[cloud]}/${path}`, token, body);
  }

  private googleCall<T>(method: string, path: string, body?: object): Promise<T> {
    const token = this.sandbox.environment.GOOGLE_OAUTH_ACCESS_TOKEN;
    return call(method, `${this.sandbox.clouds.googleUrl}${path}`, token, body);
  }

  private cloudflareCall<T>(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly result: T }> {
    const token = this.sandbox.environment.CLOUDFLARE_API_TOKEN;
    return call(method, `${this.sandbox.clouds.cloudflareUrl}${path}`, token, body);
  }
}

/** An API token as Cloudflare lists it. */
export interface CloudflareToken {
  readonly id: string;
  readonly name: string;
  readonly policies: readonly {
    readonly effect: string;
    readonly permission_groups: readonly { readonly name: string }[];
    readonly resources: Readonly<Record<string, string>>;
  }[];
}

async function call<T>(
  method: string,
  url: string,
  token: string | undefined,
  body?: object,
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  }
  return (await response.json()) as T;
}
