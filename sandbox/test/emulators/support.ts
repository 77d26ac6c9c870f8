import { setTimeout as sleep } from "node:timers/promises";
import { importPKCS8, SignJWT } from "jose";
import type {
  CloudflareBody,
  CloudflareResult,
  ControlBody,
  GoogleBody,
  OAuthBody,
} from "./bodies.ts";
import {
  type EmulatorOptions,
  type RunningEmulators,
  startEmulators,
} from "../../emulators/server.ts";

/** The response of an API. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The credentials file for client libraries. */
export interface Credentials {
  readonly type: string;
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly token_uri: string;
  readonly universe_domain: string;
}

/** A project, a zone in it and another zone, at both Google Cloud and Cloudflare. */
export const PROJECT_ID = "acme-prod";
export const ZONE = "acme-zone";
export const OTHER_ZONE = "other-zone";
export const DOMAIN = "acme.test";
export const OTHER_DOMAIN = "other.test";
export const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

/** Emulators with a client for tests, on a clock that the test controls. */
export class Clouds {
  readonly running: RunningEmulators;
  readonly #clock: { offsetMs: number };
  #accounts = 0;

  private constructor(running: RunningEmulators, clock: { offsetMs: number }) {
    this.running = running;
    this.#clock = clock;
  }

  static async start(options: EmulatorOptions = {}): Promise<Clouds> {
    const clock = { offsetMs: 0 };
    const running = await startEmulators({
      now: () => Date.now() + clock.offsetMs,
      ...options,
    });
    return new Clouds(running, clock);
  }

  /** Starts the emulators with the project and the zones. */
  static async seeded(options: EmulatorOptions = {}): Promise<Clouds> {
    const clouds = await Clouds.start(options);
    await clouds.control("google", "POST", "seed", {
      projects: [
        {
          projectId: PROJECT_ID,
          zones: [
            { name: ZONE, dnsName: `${DOMAIN}.` },
            { name: OTHER_ZONE, dnsName: `${OTHER_DOMAIN}.` },
          ],
        },
      ],
    });
    await clouds.control("cloudflare", "POST", "seed", {
      accounts: [{ name: "Acme", id: "a".repeat(32) }],
      zones: [
        { name: DOMAIN, id: "1".repeat(32) },
        { name: OTHER_DOMAIN, id: "2".repeat(32) },
      ],
    });
    return clouds;
  }

  async close(): Promise<void> {
    await this.running.close();
    // Node's fetch keeps connections alive; it needs a moment to detect that these are closed, before the next
    // start.
    await sleep(20);
  }

  /** Advances the clock. */
  pass(milliseconds: number): void {
    this.#clock.offsetMs += milliseconds;
  }

  /** Seconds since the epoch, on the emulators' clock. */
  seconds(): number {
    return Math.floor((Date.now() + this.#clock.offsetMs) / 1000);
  }

  control(
    api: "google" | "cloudflare",
    method: string,
    path: string,
    body?: object,
  ): Promise<Answer<ControlBody>> {
    const { control, controlToken } = this.running;
    return request(method, `${control[api]}/${path}`, controlToken, body);
  }

  /** A call to Google, as the operator unless a token is given. */
  google<Body = GoogleBody>(
    method: string,
    path: string,
    body?: object,
    token: string | null = this.running.googleAdminToken,
  ): Promise<Answer<Body>> {
    return request(method, `${this.running.googleUrl}${path}`, token ?? undefined, body);
  }

  /** A call to Cloudflare, as the operator unless a token is given. */
  cloudflare<Result = CloudflareResult>(
    method: string,
    path: string,
    body?: object,
    token: string | null = this.running.cloudflareAdminToken,
  ): Promise<Answer<CloudflareBody<Result>>> {
    return request(method, `${this.running.cloudflareUrl}${path}`, token ?? undefined, body);
  }

  /** Creates a service account and returns its address. */
  async account(accountId = "dns-issuer"): Promise<string> {
    const { body } = await this.google("POST", `/v1/projects/${PROJECT_ID}/serviceAccounts`, {
      accountId,
      serviceAccount: { displayName: "Issuer" },
    });
    return body.email;
  }

  /** Creates a key of the account and returns its file. */
  async key(email: string): Promise<Credentials> {
    const { body } = await this.google("POST", `/v1/projects/-/serviceAccounts/${email}/keys`, {});
    return readCredentials(body.privateKeyData);
  }

  /**
   * Creates a new account with a role, if any, and returns a key of the account.
   *
   * @param path the resource on which the role is granted. Default: the zone
   */
  async keyWith(role?: string, path = zonePath()): Promise<Credentials> {
    this.#accounts += 1;
    const email = await this.account(`dns-issuer-${this.#accounts}`);
    if (role !== undefined) {
      await this.grant(email, role, path);
    }
    return this.key(email);
  }

  /** Creates a custom role of the project, and returns its full name. */
  async role(roleId: string, permissions: readonly string[]): Promise<string> {
    const { status, body } = await this.google("POST", `/v1/projects/${PROJECT_ID}/roles`, {
      roleId,
      role: { includedPermissions: permissions },
    });
    if (status !== 200) {
      throw new Error(`no role: ${JSON.stringify(body)}`);
    }
    return body.name;
  }

  /** Exchanges a key for an access token. */
  async signIn(credentials: Credentials, claims: object = {}): Promise<Answer<OAuthBody>> {
    return this.exchange(credentials.token_uri, await this.assertion(credentials, claims));
  }

  /** A token for the key; fails if the request is refused. */
  async tokenFor(credentials: Credentials, scope = CLOUD_PLATFORM): Promise<string> {
    const { status, body } = await this.signIn(credentials, { scope });
    if (status !== 200) {
      throw new Error(`no token: ${JSON.stringify(body)}`);
    }
    return body.access_token;
  }

  /** The signed request for a token, as a client library creates it. */
  async assertion(credentials: Credentials, claims: object = {}): Promise<string> {
    const now = this.seconds();
    const usual = {
      iss: credentials.client_email,
      aud: credentials.token_uri,
      scope: CLOUD_PLATFORM,
      iat: now,
      exp: now + 3600,
    };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: credentials.private_key_id })
      .sign(await importPKCS8(credentials.private_key, "RS256"));
  }

  async exchange(
    tokenUri: string,
    assertion: string,
    grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer",
  ): Promise<Answer<OAuthBody>> {
    const response = await fetch(tokenUri, {
      method: "POST",
      body: new URLSearchParams({ grant_type: grantType, assertion }),
    });
    return { status: response.status, body: (await response.json()) as OAuthBody };
  }

  /** Adds one grant to the policy of the project, or of the zone at `path`. */
  async grant(email: string, role: string, path = `/v1/projects/${PROJECT_ID}`): Promise<void> {
    const { body: policy } = await this.google("POST", `${path}:getIamPolicy`, {});
    const { bindings = [], ...rest } = policy as Partial<GoogleBody>;
    const { status, body } = await this.google("POST", `${path}:setIamPolicy`, {
      policy: {
        ...rest,
        bindings: [...bindings, { role, members: [`serviceAccount:${email}`] }],
      },
    });
    if (status !== 200) {
      throw new Error(`not granted: ${JSON.stringify(body)}`);
    }
  }
}

/** The file in the response that created a key. */
export function readCredentials(privateKeyData: string): Credentials {
  return JSON.parse(Buffer.from(privateKeyData, "base64").toString("utf8")) as Credentials;
}

/** Path of a zone in Cloud DNS. */
export function zonePath(zone = ZONE, version = "v1"): string {
  return `/dns/${version}/projects/${PROJECT_ID}/managedZones/${zone}`;
}

async function request<Body>(
  method: string,
  url: string,
  token: string | undefined,
  body: object | undefined,
): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
