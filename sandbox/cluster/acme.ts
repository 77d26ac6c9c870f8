import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import { readFileSync } from "node:fs";
import { programPath, type ClusterContext } from "./controlPlane.ts";
import { writeAtomically, writeJson } from "../../lib/files.ts";
import { isHealthy, read } from "./http.ts";
import { loopback } from "../processes/ports.ts";
import type { Part } from "../processes/parts.ts";

/** Names of the ports that the ACME server and what it looks at need. */
export const acmePorts = [
  "acme",
  "acmeManagement",
  "dns",
  "dnsManagement",
  "httpChallenge",
  "tlsChallenge",
] as const;

/** What the ACME parts are made from. */
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
 * Writes the root of the certificates that a sandbox's ACME server issues, which it makes anew at each start, into the
 * sandbox's folder.
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

/** The DNS server that Pebble asks: every name is 127.0.0.1 unless its management interface says otherwise. */
export function challengeServer({ ports, programs }: AcmeContext): Part {
  return {
    name: "pebble-challtestsrv",
    command: programPath(programs, "pebble-challtestsrv"),
    args: [
      `-management=${loopback}:${ports.dnsManagement}`,
      `-dnsserver=${loopback}:${ports.dns}`,
      `-defaultIPv4=${loopback}`,
      // It has no server for challenges here: who asks for a certificate answers them.
      "-defaultIPv6=",
      "-http01=",
      "-https01=",
      "-tlsalpn01=",
      "-doh=",
    ],
    // The management interface has no health endpoint, so any answer will do.
    ready: () => answers(`${dnsManagementUrl(ports)}/`),
    timeout: 15_000,
  };
}

/** What another ACME server than the sandbox's own has different. */
export interface PebbleVariant {
  /** Its name among the sandbox's parts. */
  readonly name: string;
  /** How long its certificates live, in seconds. */
  readonly certificateLife: number;
}

/**
 * The ACME server. Writes its configuration into the sandbox's folder.
 *
 * @param variant Default: Pebble's own certificates, of 90 days.
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
    // Pebble waits up to 15 s before each validation otherwise.
    environment: {
      PEBBLE_VA_NOSLEEP: "1",
      // What the CA has validated once it validates again, half of the times otherwise.
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
