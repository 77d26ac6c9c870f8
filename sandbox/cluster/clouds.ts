import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { dnsServersVariable } from "../../lib/dnsServers.ts";
import { readIfPresent, writeAtomically } from "../../lib/files.ts";
import { sandboxSource } from "../paths.ts";
import { loopback } from "../processes/ports.ts";
import type { Part } from "../processes/parts.ts";

/** Names of the ports of the emulated clouds. */
export const cloudPorts = ["google", "cloudflare", "delegation"] as const;

type CloudPorts = Readonly<Record<(typeof cloudPorts)[number], number>>;

/** What the operator who runs Pulumi signs in with. It opens nothing but the emulators of this machine. */
export const operatorTokens = {
  google: "ya29.sandbox-operator",
  cloudflare: "sandbox-operator-of-cloudflare-0123456789",
  /** The global API key, for the user `operator@sandbox.invalid`. */
  cloudflareKey: "5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee5",
} as const;

/** What an operator's clouds hold before the first `pulumi up`; the second zone of each is another team's. */
const seeds = {
  google: {
    projects: [
      {
        projectId: "sandbox-project",
        zones: [
          { name: "example-test", dnsName: "example.test." },
          { name: "other-test", dnsName: "other.test." },
        ],
      },
    ],
  },
  cloudflare: {
    accounts: [{ name: "Sandbox", id: "5a".repeat(16) }],
    zones: [
      { name: "example.test", id: "e1".repeat(16) },
      { name: "other.test", id: "0e".repeat(16) },
    ],
  },
} as const;

/** Addresses of the emulated clouds. */
export interface Clouds {
  /** Root of Google's APIs. */
  readonly googleUrl: string;
  /** Cloudflare's API, up to and with `/client/v4`. */
  readonly cloudflareUrl: string;
  /** Roots of the control APIs (`state`, `calls`, `faults`, …). */
  readonly control: { readonly google: string; readonly cloudflare: string };
}

/** The bearer token that the control APIs of a sandbox ask for; made when the sandbox has none. */
export function controlToken(directory: string): string {
  const file = join(directory, "control-token");
  const present = readIfPresent(file);
  if (present !== undefined) {
    return present;
  }
  const made = randomBytes(24).toString("hex");
  writeAtomically(file, made, 0o600);
  return made;
}

/** Where the clouds of a sandbox with these ports are. */
export function cloudsAt(ports: CloudPorts): Clouds {
  const google = `http://${loopback}:${ports.google}`;
  const cloudflare = `http://${loopback}:${ports.cloudflare}`;
  return {
    googleUrl: google,
    cloudflareUrl: `${cloudflare}/client/v4`,
    control: { google: `${google}/_sandbox`, cloudflare: `${cloudflare}/_sandbox` },
  };
}

/** The emulated clouds. Their records go to the challenge test server, so that the CA sees them. */
export function clouds(directory: string, ports: CloudPorts, challengeServerUrl: string): Part {
  const { control } = cloudsAt(ports);
  const token = controlToken(directory);
  return {
    name: "clouds",
    command: process.execPath,
    args: [
      sandboxSource(join("emulators", "main.ts")),
      `--google-port=${ports.google}`,
      `--cloudflare-port=${ports.cloudflare}`,
      `--dns-port=${ports.delegation}`,
      `--challtestsrv=${challengeServerUrl}`,
      `--state=${cloudsState(directory)}`,
    ],
    environment: {
      GOOGLE_ADMIN_TOKEN: operatorTokens.google,
      CLOUDFLARE_ADMIN_TOKEN: operatorTokens.cloudflare,
      CLOUDFLARE_ADMIN_KEY: operatorTokens.cloudflareKey,
      CONTROL_TOKEN: token,
    },
    // What is there already stays, so a seed is also how to see that they serve.
    ready: async () => {
      const answers = await Promise.all([
        post(`${control.google}/seed`, token, seeds.google),
        post(`${control.cloudflare}/seed`, token, seeds.cloudflare),
      ]);
      return answers.every(({ ok }) => ok);
    },
    timeout: 15_000,
  };
}

/** The file in which the clouds keep what they hold. */
export function cloudsState(directory: string): string {
  return join(directory, "clouds.json");
}

/**
 * The variables by which the plugins of both clouds, official or stand-in, find the emulators and act as their operator
 * (the providers' documentation of `iamBetaCustomEndpoint` and the like, and of `baseUrl`), and by which the program asks
 * their DNS how zones are delegated.
 */
export function cloudEnvironment(ports: CloudPorts): NodeJS.ProcessEnv {
  const { googleUrl, cloudflareUrl } = cloudsAt(ports);
  return {
    GOOGLE_IAM_BETA_CUSTOM_ENDPOINT: `${googleUrl}/v1/`,
    GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT: `${googleUrl}/v1/`,
    GOOGLE_DNS_CUSTOM_ENDPOINT: `${googleUrl}/dns/v1beta2/`,
    GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT: `${googleUrl}/v1/`,
    GOOGLE_ORG_POLICY_CUSTOM_ENDPOINT: `${googleUrl}/v2/`,
    GOOGLE_OAUTH_ACCESS_TOKEN: operatorTokens.google,
    CLOUDFLARE_BASE_URL: cloudflareUrl,
    CLOUDFLARE_API_TOKEN: operatorTokens.cloudflare,
    [dnsServersVariable]: `${loopback}:${ports.delegation}`,
  };
}

function post(url: string, token: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}
