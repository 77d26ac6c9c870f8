import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import { readFileSync } from "node:fs";
import { programPath, type ClusterContext } from "./controlPlane.ts";
import { writeAtomically, writeJson } from "../../lib/files.ts";
import { isHealthy, read } from "./http.ts";
import { loopback } from "../processes/ports.ts";
import type { Part } from "../processes/parts.ts";

/** Names of the ports of the ACME server and of the servers that it connects to. */
export const acmePorts = [
  "acme",
  "acmeManagement",
  "dns",
  "dnsManagement",
  "httpChallenge",
  "tlsChallenge",
] as const;

/** The inputs of the ACME parts. */
export interface AcmeContext {
  readonly directory: string;
  readonly credentials: Credentials;
  readonly ports: Readonly<Record<(typeof acmePorts)[number], number>>;
  readonly programs: ClusterContext["programs"];
}

/** URL of Pebble's ACME directory. */
export function acmeDirectoryUrl(ports: AcmeContext["ports"]): string {
  return `https://${loopback}:${ports.acme}/dir`;
}

/** URL of Pebble's management interface, which serves its root certificates (`/roots/0`). */
export function acmeManagementUrl(ports: AcmeContext["ports"]): string {
  return `https://${loopback}:${ports.acmeManagement}`;
}

/**
 * Writes the root certificate of a sandbox's ACME server into the sandbox's folder. The server creates a new root
 * at each start.
 *
 * @returns path of the certificate (PEM)
 */
export async function rootOfCertificates(sandbox: {
  readonly directory: string;
  readonly ca: string;
  readonly acme: { readonly managementUrl: string };
}): Promise<string> {
  const url = `${sandbox.acme.managementUrl}/roots/0`;
  const path = join(sandbox.directory, "acme-root.crt");
  writeAtomically(path, await read(url, { ca: readFileSync(sandbox.ca, "utf8") }));
  return path;
}

/** URL of the challenge test server's management interface (`/set-txt`, `/add-a`, …). */
export function dnsManagementUrl(ports: AcmeContext["ports"]): string {
  return `http://${loopback}:${ports.dnsManagement}`;
}

/**
 * The DNS server that Pebble queries: every name resolves to 127.0.0.1 unless its management interface sets another
 * address.
 */
export function challengeServer({ ports, programs }: AcmeContext): Part {
  return {
    name: "pebble-challtestsrv",
    command: programPath(programs, "pebble-challtestsrv"),
    args: [
      `-management=${loopback}:${ports.dnsManagement}`,
      `-dnsserver=${loopback}:${ports.dns}`,
      `-defaultIPv4=${loopback}`,
      // Its challenge servers are off: the client that requests a certificate answers the challenges.
      "-defaultIPv6=",
      "-http01=",
      "-https01=",
      "-tlsalpn01=",
      "-doh=",
    ],
    // The management interface has no health endpoint, so any response counts.
    ready: () => answers(`${dnsManagementUrl(ports)}/`),
    timeout: 15_000,
  };
}

/** The settings of a further ACME server that differ from those of the sandbox's own. */
export interface PebbleVariant {
  /** The name of its part in the sandbox. */
  readonly name: string;
  /** Lifetime of its certificates, in seconds. */
  readonly certificateLife: number;
}

/**
 * The ACME server. Writes its configuration into the sandbox's folder.
 *
 * @param variant Default: the sandbox's own server, with Pebble's certificates of 90 days.
 */
export function pebble(
  { directory, credentials, ports, programs }: AcmeContext,
  variant?: PebbleVariant,
): Part {
  const name = variant?.name ?? "pebble";
  const configuration = join(directory, `${name}.json`);
  writeJson(configuration, {
    pebble: {
      listenAddress: `${loopback}:${ports.acme}`,
      managementListenAddress: `${loopback}:${ports.acmeManagement}`,
      certificate: credentials.server.certificate,
      privateKey: credentials.server.key,
      httpPort: ports.httpChallenge,
      tlsPort: ports.tlsChallenge,
      ocspResponderURL: "",
      externalAccountBindingRequired: false,
      ...(variant && {
        profiles: {
          default: { description: "The only one", validityPeriod: variant.certificateLife },
        },
      }),
    },
  });
  return {
    name,
    command: programPath(programs, "pebble"),
    args: [`-config=${configuration}`, `-dnsserver=${loopback}:${ports.dns}`],
    // Otherwise, Pebble waits up to 15 s before each validation.
    environment: {
      PEBBLE_VA_NOSLEEP: "1",
      // The CA always validates again; otherwise, it reuses half of the authorizations.
      ...(variant && { PEBBLE_AUTHZREUSE: "0" }),
    },
    ready: () => isHealthy(acmeDirectoryUrl(ports), { ca: readFileSync(credentials.ca, "utf8") }),
    timeout: 15_000,
  };
}

async function answers(url: string): Promise<boolean> {
  await isHealthy(url);
  return true;
}
