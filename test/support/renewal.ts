import { once } from "node:events";
import { connect } from "node:tls";
import { acmeHost } from "../../sandbox/cluster/acmeHost.ts";
import { pebble } from "../../sandbox/cluster/acme.ts";
import { ensureCredentials } from "../../sandbox/cluster/credentials.ts";
import type { ContainerStart } from "../../sandbox/cluster/kubelet.ts";
import { Kubelet } from "../../sandbox/cluster/kubelet.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { findPorts, loopback } from "../../sandbox/processes/ports.ts";
import { startPart } from "../../sandbox/processes/parts.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { clusterArtifacts } from "../../sandbox/programs/artifacts.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";

const minute = 60;
const hour = 60 * minute;

/** The lifetime of this CA's certificates: no longer than from one renewal to the next check. */
const certificateLife = 20 * hour;

/** The URLs of the CAs with short lifetimes, by sandbox: one is enough for all tests. */
const authorities = new Map<string, Promise<string>>();

function shortLivedCa(sandbox: Sandbox): Promise<string> {
  const present = authorities.get(sandbox.directory) ?? startCa(sandbox);
  authorities.set(sandbox.directory, present);
  return present;
}

async function startCa(sandbox: Sandbox): Promise<string> {
  const { directory } = sandbox;
  const programs = await ensurePrograms(clusterArtifacts, silentReporter);
  const credentials = await ensureCredentials(directory);
  const own = await findPorts(["acme", "acmeManagement"]);
  const ports = { ...sandbox.ports, ...own };
  const variant = { name: "pebble-short-lived", certificateLife };
  await startPart(directory, pebble({ directory, credentials, ports, programs }, variant));
  return `${loopback}:${ports.acme}`;
}

/** The provider of a scenario, and the cause of its first failed renewal. */
export interface RenewalScenario {
  readonly namespace: string;
  readonly statefulSet: string;
  readonly host: string;
  readonly spoil: () => Promise<void>;
  readonly fix: () => Promise<void>;
}

/** The state of a provider after 21 hours. */
export interface Renewals {
  readonly starts: readonly ContainerStart[];
  /** The serial number of the served certificate. */
  readonly serial: string;
  /** Expiry of the certificate, in seconds after the first start. */
  readonly end: number;
  /** Time of the last probe. */
  readonly now: number;
}

/**
 * Simulates 21 hours of a provider whose certificates expire after 20, and whose first renewal fails.
 *
 * The probe runs ten minutes after the start, around each third hour, and every half hour in between.
 */
export async function renewals(sandbox: Sandbox, scenario: RenewalScenario): Promise<Renewals> {
  const { namespace, statefulSet, host, spoil, fix } = scenario;
  const resolve = { [acmeHost]: await shortLivedCa(sandbox) };
  const kubelet = await Kubelet.start(sandbox, { namespace, statefulSet, resolve }, silentReporter);
  try {
    const looks = [
      10 * minute,
      ...[3, 6, 9].flatMap((due) => [-1, 1, 2].map((minutes) => due * hour + minutes * minute)),
      ...Array.from({ length: 9 }, (_, index) => (index + 1) * 1.5 * hour + 10 * minute),
      21 * hour,
    ].sort((a, b) => a - b);
    await spoil();
    for (const at of looks) {
      await kubelet.probe(at);
      if (kubelet.starts.length > 1) {
        await fix();
      }
    }
    const served = await servedCertificate(sandbox, host);
    const issue = kubelet.starts.findLast(({ outcome }) => "serial" in outcome);
    return {
      starts: kubelet.starts,
      serial: served.serialNumber.toLowerCase().replace(/^0+/, ""),
      // The CA does not know the simulated time: its certificate's lifetime begins at the issuance.
      end: (issue?.at ?? 0) + certificateLife,
      now: looks.at(-1) ?? 0,
    };
  } finally {
    await fix();
    kubelet.close();
  }
}

/** The certificate that the sandbox serves for a host. */
async function servedCertificate({ ports }: Sandbox, host: string) {
  const socket = connect({
    host: loopback,
    port: ports.providerApi,
    servername: host,
    rejectUnauthorized: false,
  });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate();
  } finally {
    socket.destroy();
  }
}
