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

/** What an API answered. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The file that a client library reads. */
export interface Credentials {
  readonly type: string;
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly token_uri: string;
  readonly universe_domain: string;
}

/** A project, a zone in it and another one, on both clouds. */
export const PROJECT_ID = "acme-prod";
export const ZONE = "acme-zone";
export const OTHER_ZONE = "other-zone";
export const DOMAIN = "acme.test";
export const OTHER_DOMAIN = "other.test";
export const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

/** Emulators that a test can talk to, on a clock that it can move. */
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

  /** Starts with the project and the zones made. */
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
    // Node's fetch keeps connections; a moment for it to see that these are cut, lest it use one for the next start.
    await sleep(20);
  }

  /** Lets time pass. */
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

  /** A call to Google, as the operator unless another token is given. */
  google<Body = GoogleBody>(
    method: string,
    path: string,
    body?: object,
    token: string | null = this.running.googleAdminToken,
  ): Promise<Answer<Body>> {
    return request(method, `${this.running.googleUrl}${path}`, token ?? undefined, body);
  }

  /** A call to Cloudflare, as the operator unless another token is given. */
  cloudflare<Result = CloudflareResult>(
    method: string,
    path: string,
    body?: object,
    token: string | null = this.running.cloudflareAdminToken,
  ): Promise<Answer<CloudflareBody<Result>>> {
    return request(method, `${this.running.cloudflareUrl}${path}`, token ?? undefined, body);
  }

  /** Makes a service account and returns its address. */
  async account(accountId = "dns-issuer"): Promise<string> {
    const { body } = await this.google("POST", `/v1/projects/${PROJECT_ID}/serviceAccounts`, {
      accountId,
      serviceAccount: { displayName: "Issuer" },
    });
    return body.email;
  }

  /** Makes a key of the account and returns its file. */
  async key(email: string): Promise<Credentials> {
    const { body } = await this.google("POST", `/v1/projects/-/serviceAccounts/${email}/keys`, {});
    return readCredentials(body.privateKeyData);
  }

  /**
   * Makes an account of its own with a role, if any, and returns a key of it.
   *
   * @param path what the role is granted on. Default: the zone
   */
  async keyWith(role?: string, path = zonePath()): Promise<Credentials> {
    this.#accounts += 1;
    const email = await this.account(`dns-issuer-${this.#accounts}`);
    if (role !== undefined) {
      await this.grant(email, role, path);
    }
    return this.key(email);
  }

  /** Makes a custom role of the project, and returns its full name. */
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

  /** A token for the key; fails where it is refused. */
  async tokenFor(credentials: Credentials, scope = CLOUD_PLATFORM): Promise<string> {
    const { status, body } = await this.signIn(credentials, { scope });
    if (status !== 200) {
      throw new Error(`no token: ${JSON.stringify(body)}`);
    }
    return body.access_token;
  }

  /** The signed request for a token that a client library makes. */
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

  /** Adds one grant to a policy: of the project, or of the zone at `path`. */
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

/** The file in the answer that made a key. */
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
