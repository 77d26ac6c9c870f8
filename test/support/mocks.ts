import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { dnsServersVariable } from "../../lib/dnsServers.ts";

/** A resource that the program registered, as the engine receives it. */
export interface RegisteredResource {
  readonly type: string;
  readonly name: string;
  /** Name of the parent; undefined for children of the stack. */
  readonly parent: string | undefined;
  /** Names of the resources that it depends on. */
  readonly dependencies: readonly string[];
  /** Name of the explicit provider. */
  readonly provider: string | undefined;
  /** The set options that have an effect beyond ordering. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Inputs; a secret is an object with only the key `secret`. */
  readonly inputs: unknown;
}

const secretSignature = "4dabf18193072939515e22adb298388d";

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getDependenciesList(): string[];
  getRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getProtect(): boolean;
  getAliasesList(): { getSpec(): { getName(): string } | undefined }[];
  getHooks(): { toObject(): Readonly<Record<string, readonly string[]>> } | undefined;
}

const requests: RegisterRequest[] = [];
const register = Object.getOwnPropertyDescriptor(MockMonitor.prototype, "registerResource")
  ?.value as MockMonitor["registerResource"];
// Mocks receive only the inputs, so the options are read from the request itself.
MockMonitor.prototype.registerResource = function (request: RegisterRequest, callback) {
  requests.push(request);
  return register.call(this, request, callback);
};

const hooks: string[] = [];
// The mock monitor reports support for hooks, but does not implement it.
const registerHook = (
  request: { getName(): string },
  callback: (error: null, response: object) => void,
) => {
  hooks.push(request.getName());
  callback(null, {});
};
Object.assign(MockMonitor.prototype, {
  registerResourceHook: registerHook,
  registerErrorHook: registerHook,
});

const lookups: Lookup[] = [];

/** A lookup by the program. */
export interface Lookup {
  /** The requested function. */
  readonly token: string;
  /** Name of the explicit provider of the lookup. */
  readonly provider: string | undefined;
}

/** Other effects of the last run, which are not in its dump. */
export const lastRun = {
  /** Names of the registered hooks, in order. */
  hooks: hooks as readonly string[],
  lookups: lookups as readonly Lookup[],
  /** The aliases of a resource. */
  aliases: (name: string): readonly (string | undefined)[] =>
    requests
      .filter((request) => request.getName() === name)
      .flatMap((request) => request.getAliasesList().map((alias) => alias.getSpec()?.getName())),
};

/** Waits until every registration that a program has begun is complete, regardless of its result. */
export async function allRegistered(): Promise<void> {
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
}

/** The result of a program's run with mocks. */
export interface ProgramRun {
  readonly resources: readonly RegisteredResource[];
  /** The stack's outputs, with secrets wrapped as in the inputs. */
  readonly outputs: unknown;
}

/**
 * Runs a program with mocks that return each resource's inputs.
 *
 * @param stack the stack's name
 * @param program registers the resources
 * @param preview default: a preview, because there are no real resources to read
 */
export async function runProgram(
  stack: string,
  program: () => pulumi.Inputs | Promise<pulumi.Inputs>,
  preview = true,
): Promise<ProgramRun> {
  const restore = answerLookups();
  requests.length = 0;
  hooks.length = 0;
  lookups.length = 0;
  const inputs = new Map<string, unknown>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs: given }) => {
        inputs.set(name, unwrapSecrets(given));
        const state = given as Record<string, unknown>;
        return { id: `${name}-id`, state: { ...state, ...serverState(type, state) } };
      },
      call: ({ token, provider = "", inputs }) => {
        lookups.push({ token, provider: providerName(provider) });
        return invokeResult(token, inputs as Readonly<Record<string, unknown>>);
      },
    },
    "akash-provider-letsencrypt",
    stack,
    preview,
  );
  let outputs: unknown;
  try {
    outputs = await resolve(await program());
  } finally {
    restore();
  }
  return {
    resources: requests
      .filter((request) => request.getType() !== "pulumi:pulumi:Stack")
      .map((request) => ({
        type: request.getType(),
        name: request.getName(),
        parent: resourceName(request.getParent()),
        dependencies: [...new Set(request.getDependenciesList().map(resourceName))]
          .filter((name) => name !== undefined)
          .sort(),
        provider: providerName(request.getProvider()),
        options: {
          ...(request.getRetainondelete() && { retainOnDelete: true }),
          ...(request.getDeletebeforereplace() && { deleteBeforeReplace: true }),
          ...(request.getProtect() && { protect: true }),
          ...boundHooks(request),
        },
        inputs: inputs.get(request.getName()),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    outputs,
  };
}

/** The names of a resource's hooks, by when they run. */
function boundHooks(request: RegisterRequest): Readonly<Record<string, unknown>> {
  const bound = Object.entries(request.getHooks()?.toObject() ?? {})
    .filter(([, names]) => names.length > 0)
    .map(([when, names]) => [when.replace(/List$/, ""), names]);
  return bound.length === 0 ? {} : { hooks: Object.fromEntries(bound) as object };
}

/** The zones at Google and Cloudflare for the program's lookups; a test may replace them. */
export const cloudZones: { google: readonly object[]; cloudflare: readonly object[] } = {
  google: [
    { name: "other", dnsName: "other.test.", visibility: "public" },
    { name: "example-test", dnsName: "example.test.", visibility: "public" },
    { name: "example-test-internal", dnsName: "example.test.", visibility: "private" },
    { name: "example-com", dnsName: "example.com.", visibility: "public" },
  ],
  cloudflare: [
    { id: "zone-id-of-example-test", name: "example.test", status: "active", type: "full" },
    { id: "zone-id-of-example-com", name: "example.com", status: "active", type: "full" },
  ],
};

/** No server listens here, so no test queries the internet. */
const noDns = "127.0.0.1:9";

/** Serves {@link cloudZones} as Google does, for the program's own client. */
const google = createServer((request, response) => {
  const name = /managedZones\/([^/?]+)/.exec(request.url ?? "")?.[1];
  const zones = cloudZones.google as readonly { readonly name: string }[];
  const body =
    name === undefined ? { managedZones: zones } : zones.find((zone) => zone.name === name);
  response.writeHead(body === undefined ? 404 : 200, {
    "content-type": "application/json",
    connection: "close",
  });
  response.end(JSON.stringify(body ?? {}));
}).listen(0, "127.0.0.1");
google.unref();
await once(google, "listening");

/** Restricts the program's own clients to that server. Returns a function that removes the restriction. */
function answerLookups(): () => void {
  const { port } = google.address() as AddressInfo;
  const variables = {
    GOOGLE_DNS_CUSTOM_ENDPOINT: `http://127.0.0.1:${port}/dns/v1/`,
    GOOGLE_OAUTH_ACCESS_TOKEN: "an-operators",
    [dnsServersVariable]: noDns,
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) {
        Reflect.deleteProperty(process.env, name);
      } else {
        process.env[name] = value;
      }
    }
  };
}

/** The responses to the plugins' lookups. */
function invokeResult(
  token: string,
  inputs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const zones = cloudZones.cloudflare as readonly Readonly<Record<string, unknown>>[];
  switch (token) {
    case "cloudflare:index/getZones:getZones":
      return { results: zones.filter(({ name }) => name === inputs.name) };
    case "cloudflare:index/getZone:getZone":
      return { ...zones.find(({ id }) => id === inputs.zoneId), zoneId: inputs.zoneId };
    default:
      return invokeResults[token] ?? {};
  }
}

const invokeResults: Readonly<Record<string, Record<string, unknown>>> = {
  "cloudflare:index/getApiTokenPermissionGroupsList:getApiTokenPermissionGroupsList": {
    results: permissionGroups(),
  },
  "cloudflare:index/getAccountApiTokenPermissionGroupsList:getAccountApiTokenPermissionGroupsList":
    { results: permissionGroups() },
};

function permissionGroups(): unknown[] {
  return ["Zone Read", "Zone Write", "DNS Read", "DNS Write"].map((name) => ({
    name,
    id: `id-of-${name.replace(" ", "-")}`,
    scopes: ["com.cloudflare.api.account.zone"],
  }));
}

/** The fields that the cluster adds to a resource and that the program reads. */
function serverState(type: string, { namespace }: Record<string, unknown>) {
  switch (type) {
    case "kubernetes:helm.sh/v3:Release":
      return { status: { namespace, revision: 1 } };
    case "random:index/randomId:RandomId":
      return { hex: "0a1b2c3d" };
    case "gcp:serviceaccount/account:Account":
      return {
        name: "projects/sandbox-project/serviceAccounts/made@sandbox-project.iam.gserviceaccount.com",
        email: "made@sandbox-project.iam.gserviceaccount.com",
        member: "serviceAccount:made@sandbox-project.iam.gserviceaccount.com",
      };
    case "gcp:serviceaccount/key:Key":
      return {
        name: "projects/sandbox-project/serviceAccounts/made@x/keys/key-id",
        validAfter: "2026-11-25T00:00:00Z",
        validBefore: "9999-12-31T23:59:59Z",
        privateKey: Buffer.from('{"private_key":"SENTINEL-key"}').toString("base64"),
      };
    case "cloudflare:index/apiToken:ApiToken":
    case "cloudflare:index/accountToken:AccountToken":
      return { value: "SENTINEL-token", issuedOn: "2026-11-25T00:00:00Z" };
    default:
      return {};
  }
}

/** A provider's reference is its URN with its id. */
function providerName(reference: string): string | undefined {
  return resourceName(reference.replace(/::[^:]*$/, ""));
}

function resourceName(urn: string): string | undefined {
  const name = urn.split("::").at(-1);
  return urn === "" || (urn.includes("pulumi:pulumi:Stack") && !urn.includes("$"))
    ? undefined
    : name;
}

async function resolve(outputs: pulumi.Inputs): Promise<unknown> {
  const output = pulumi.output(outputs);
  return new Promise((done) => {
    output.apply(done);
  });
}

function unwrapSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(unwrapSecrets);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (secretSignature in value) {
    return { secret: unwrapSecrets((value as unknown as { value: unknown }).value) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, nested]) => [key, unwrapSecrets(nested)]),
  );
}
