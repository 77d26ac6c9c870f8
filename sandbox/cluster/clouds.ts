import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { dnsServersVariable } from "../../lib/dnsServers.ts";
import { readIfPresent, writeAtomically } from "../../lib/files.ts";
import { sandboxSource } from "../paths.ts";
import { loopback } from "../processes/ports.ts";
import type { Part } from "../processes/parts.ts";

/** Names of the ports of the emulators. */
export const cloudPorts = ["google", "cloudflare", "delegation"] as const;

type CloudPorts = Readonly<Record<(typeof cloudPorts)[number], number>>;

/**
 * The credentials with which the identity that runs Pulumi signs in. They are valid only at the emulators of this
 * machine.
 */
export const operatorTokens = {
  google: "ya29.sandbox-operator",
  cloudflare: "sandbox-operator-of-cloudflare-0123456789",
  /** The global API key of the user `operator@sandbox.invalid`. */
  cloudflareKey: "5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee5",
} as const;

/**
 * What the operator's accounts at Google Cloud and Cloudflare contain before the first `pulumi up`; the second zone
 * of each belongs to another team.
 */
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

/** URLs of the emulators of Google Cloud and Cloudflare. */
export interface Clouds {
  /** Root URL of Google's APIs. */
  readonly googleUrl: string;
  /** URL of Cloudflare's API, including `/client/v4`. */
  readonly cloudflareUrl: string;
  /** Root URLs of the control APIs (`state`, `calls`, `faults`, …). */
  readonly control: { readonly google: string; readonly cloudflare: string };
}

/** The bearer token that the control APIs of a sandbox require; created if the sandbox has none. */
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

/** The emulators' URLs in a sandbox with these ports. */
export function cloudsAt(ports: CloudPorts): Clouds {
  const google = `http://${loopback}:${ports.google}`;
  const cloudflare = `http://${loopback}:${ports.cloudflare}`;
  return {
    googleUrl: google,
    cloudflareUrl: `${cloudflare}/client/v4`,
    control: { google: `${google}/_sandbox`, cloudflare: `${cloudflare}/_sandbox` },
  };
}

/**
 * The emulators of Google Cloud and Cloudflare. They copy their records to the challenge test server, so that the
 * CA finds them.
 */
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
    // A seed keeps existing data, so seeding also serves as the check that the emulators respond.
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

/** The file in which the emulators store their state. */
export function cloudsState(directory: string): string {
  return join(directory, "clouds.json");
}

/**
 * The variables that point the plugins of Google Cloud and Cloudflare, official or stand-in, to the emulators with
 * the operator's credentials (the providers' documentation of `iamBetaCustomEndpoint` and similar settings, and of
 * `baseUrl`), and that point the program's DNS queries for the delegation of zones to the emulators' DNS server.
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
