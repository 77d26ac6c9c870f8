import { X509Certificate } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import { CoreV1Api, CustomObjectsApi, KubeConfig } from "../../lib/kubernetesClient.ts";
import { UserError } from "../../lib/errors.ts";
import { waitFor } from "../processes/wait.ts";
import { ensurePrograms } from "../programs/builder.ts";
import { certManagerArtifacts } from "../programs/artifacts.ts";
import { withLock } from "../processes/lock.ts";
import { liveParts, startPart, type Part } from "../processes/parts.ts";
import { loopback } from "../processes/ports.ts";
import { withStep, type Reporter } from "../processes/progress.ts";
import { sandboxSource } from "../paths.ts";
import { acmeHost } from "./acmeHost.ts";
import { applyCertManagerObjects } from "./objects.ts";
import type { Sandbox } from "./sandbox.ts";

/**
 * Starts cert-manager in a running sandbox, and a server that emulates the Gateway's listener for tenants' hosts. Does
 * nothing if they are running. They stop with the sandbox.
 *
 * @throws UserError when cert-manager cannot be built, or does not start
 */
export async function startCertManager(sandbox: Sandbox, reporter: Reporter): Promise<void> {
  const { directory, kubeconfig } = sandbox;
  const programs = await ensurePrograms(certManagerArtifacts, reporter);
  const path = (name: (typeof certManagerArtifacts)[number]) => programs.get(name)?.path ?? name;
  await withLock(join(directory, "lock-cert-manager"), async () => {
    const parts = [certManager(sandbox, path("cert-manager")), wildcardServer(sandbox)];
    const live = liveParts(directory);
    const missing = parts.filter(({ name }) => !live.includes(name));
    if (missing.length > 0) {
      await withStep(reporter, "cert-manager", async () => {
        await applyCertManagerObjects(kubeconfig, path("cert-manager-crds"));
        await Promise.all(missing.map((part) => startPart(directory, part)));
      });
    }
  });
}

/** The controllers of cert-manager. They need the API server with cert-manager's types. */
function certManager({ ca, clouds, dns, kubeconfig, ports }: Sandbox, command: string): Part {
  return {
    name: "cert-manager",
    command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--dns-resolver=${dns.address}`,
      `--google-endpoint=${clouds.googleUrl}`,
      `--cloudflare-endpoint=${new URL(clouds.cloudflareUrl).origin}`,
      `--resolve=${acmeHost}=${loopback}:${ports.acme}`,
    ],
    // The TLS certificate of the CA's server is signed by the sandbox's authority.
    environment: { SSL_CERT_FILE: ca, SSL_CERT_DIR: "" },
    // The controllers have no endpoint to check: when certificates are ordered, they run.
    ready: () => Promise.resolve(true),
  };
}

/** Serves tenants' hosts with the certificates that Gateways reference. Needs the API server. */
function wildcardServer({ kubeconfig, ports }: Sandbox): Part {
  return {
    name: "wildcard-server",
    command: process.execPath,
    args: [sandboxSource("cluster/wildcardServer.ts"), kubeconfig, String(ports.https)],
    ready: () => accepts(ports.https),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, loopback);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

/** The certificate that is served for tenants' hosts. */
export interface WildcardReport {
  /** Its names. */
  readonly subject: string;
  /** The CA's name. */
  readonly issuer: string;
  /** The Issuer of cert-manager. */
  readonly issuedBy: string;
  /** Expiry time, in RFC 3339 form. */
  readonly notAfter: string;
  /** Its serial number, in hex digits. */
  readonly serial: string;
}

/** Where a wildcard certificate is. Default: the place in Akash's guides. */
export interface WildcardPlace {
  readonly namespace?: string;
  readonly name?: string;
}

/** Timeout of an order, in milliseconds: cert-manager itself waits for a minute. */
const orderTimeout = 180_000;

/**
 * Waits until cert-manager has a wildcard certificate that matches its Certificate.
 *
 * @throws UserError with cert-manager's messages when there is no certificate in time
 */
export async function waitForWildcard(
  { kubeconfig }: Sandbox,
  { namespace = "akash-gateway", name = "wildcard-ingress" }: WildcardPlace = {},
): Promise<WildcardReport> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const custom = config.makeApiClient(CustomObjectsApi);
  const type = { group: "cert-manager.io", version: "v1", plural: "certificates" };
  let certificate: Certificate = {};
  const isReady = async () => {
    certificate = (await custom.getNamespacedCustomObject({
      ...type,
      namespace,
      name,
    })) as Certificate;
    const { conditions = [] } = certificate.status ?? {};
    return (
      conditions.some(
        (one) =>
          one.type === "Ready" &&
          one.status === "True" &&
          one.observedGeneration === certificate.metadata?.generation,
      ) && !conditions.some((one) => one.type === "Issuing" && one.status === "True")
    );
  };
  try {
    await waitFor(isReady, { what: `the Certificate ${name}`, timeout: orderTimeout });
  } catch {
    const words = certificate.status?.conditions?.map(
      ({ type, message }) => `${type}: ${message ?? ""}`,
    );
    throw new UserError(
      `No wildcard certificate: ${words?.join("; ") ?? `there is no Certificate ${name}`}`,
    );
  }
  const { secretName = "", issuerRef } = certificate.spec ?? {};
  const { data } = await config
    .makeApiClient(CoreV1Api)
    .readNamespacedSecret({ namespace, name: secretName });
  const served = new X509Certificate(Buffer.from(data?.["tls.crt"] ?? "", "base64"));
  return {
    subject: (served.subjectAltName ?? "").replaceAll("DNS:", ""),
    issuer: served.issuer,
    issuedBy: issuerRef?.name ?? "",
    notAfter: new Date(served.validTo).toISOString(),
    serial: served.serialNumber,
  };
}

interface Certificate {
  readonly metadata?: { readonly generation?: number };
  readonly spec?: { readonly secretName?: string; readonly issuerRef?: { readonly name?: string } };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
      readonly observedGeneration?: number;
    }[];
  };
}
