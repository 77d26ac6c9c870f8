import type { X509Certificate } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:tls";
import type { Address } from "../arguments.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { messageOf } from "../../lib/errors.ts";
import { chainOf, isSelfSigned, oneLine, type Chain } from "./chain.ts";
import type { KnownRoots } from "./knownRoots.ts";
import { once } from "./once.ts";

/** The responses of the provider's host. */
export interface WireFacts {
  /** The response to a request for an HTTP-01 challenge. */
  readonly challenge: () => Promise<Reply | Unreachable>;
  /** The certificate that the provider's API serves for the host (SNI). */
  readonly certificate: () => Promise<ServedCertificate | Unreachable>;
}

/** No response. */
export interface Unreachable {
  readonly unreachable: string;
}

/** A response on port 80. */
export interface Reply {
  readonly status: number;
  readonly location: string | undefined;
  /** The beginning of the body. */
  readonly body: string;
}

/** A certificate, with the fields that the checks read. */
export interface ServedCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** DNS names. */
  readonly names: readonly string[];
  readonly matchesHost: boolean;
  readonly selfSigned: boolean;
  /** The chain of the certificates that were sent with it. */
  readonly chain: Chain;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The SHA-256 fingerprint, which identifies the certificate. */
  readonly fingerprint: string;
}

/** The port of the provider's REST API, the one that serves the Let's Encrypt certificate. */
export const apiPort = 8443;
/** The port to which Let's Encrypt sends HTTP-01 requests (RFC 8555, section 8.3). */
export const challengePort = 80;
/** The port of tenants' hosts. */
export const ingressPort = 443;
/** No challenge has this token, so this request does not interfere with any. */
const challengePath = "/.well-known/acme-challenge/doctor-was-here";

const bodyStart = 200;

/** Options of {@link wireFacts}. */
export interface WireOptions {
  /** The known roots, of which the certificate's issuer selects the set. */
  readonly roots: KnownRoots;
  /** How long a complete response may take, in milliseconds. Default: 10 s. */
  readonly timeout?: number;
  /** Default: the present time. */
  readonly now?: Date;
}

/**
 * Connects to the provider's host.
 *
 * @param host the host's name
 * @param addressOf the address of a port of the host
 * @param options roots, timeout and time
 */
export function wireFacts(
  host: string,
  addressOf: (port: number) => Promise<Address | undefined>,
  options: WireOptions,
): WireFacts {
  return {
    challenge: once(async () =>
      answerAt(host, await addressOf(challengePort), options, (address, end) =>
        getChallenge(host, address, end),
      ),
    ),
    certificate: once(async () => servedCertificate(host, await addressOf(apiPort), options)),
  };
}

/** The certificate that is served at an address for a host (SNI). */
export function servedCertificate(
  host: string,
  address: Address | undefined,
  options: WireOptions,
): Promise<ServedCertificate | Unreachable> {
  const { roots, now = new Date() } = options;
  return answerAt(host, address, options, async (there, end) =>
    readCertificate(host, await getCertificates(host, there, end), roots, now),
  );
}

async function answerAt<T>(
  host: string,
  address: Address | undefined,
  { timeout = 10_000 }: WireOptions,
  ask: (address: Address, end: AbortSignal) => Promise<T>,
): Promise<T | Unreachable> {
  if (address === undefined) {
    return { unreachable: `${host} has no address` };
  }
  try {
    return await withDeadline(timeout, (signal) => ask(address, signal));
  } catch (error) {
    // OpenSSL's messages end with empty lines.
    return { unreachable: `${address.address}:${address.port}: ${messageOf(error).trim()}` };
  }
}

function getChallenge(host: string, { address, port }: Address, end: AbortSignal): Promise<Reply> {
  return new Promise((done, failed) => {
    const options = { host: address, port, path: challengePath, headers: { host }, signal: end };
    const asked = request({ ...options, agent: false }, (response) => {
      let body = "";
      const { statusCode: status = 0, headers } = response;
      const answer = () => {
        done({ status, location: headers.location, body });
      };
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body = (body + text).slice(0, bodyStart);
        if (body.length === bodyStart) {
          // The body may be endless.
          answer();
          asked.destroy();
        }
      });
      response.on("end", answer);
      response.on("error", failed);
    });
    asked.on("error", failed);
    asked.end();
  });
}

/** The certificates that a server sends: its own, then those of its issuers. */
export type Served = readonly [X509Certificate, ...X509Certificate[]];

function getCertificates(
  host: string,
  { address, port }: Address,
  end: AbortSignal,
): Promise<Served> {
  return new Promise((done, failed) => {
    const socket = connect({
      host: address,
      port,
      servername: host,
      // Untrusted certificates are to be read, too.
      rejectUnauthorized: false,
      // No roots of this machine, so that only the sent certificates are returned.
      ca: [],
    });
    end.addEventListener("abort", () => {
      socket.destroy();
    });
    socket.on("secureConnect", () => {
      const own = socket.getPeerX509Certificate();
      socket.destroy();
      if (own === undefined) {
        failed(new Error("the server sends no certificate"));
      } else {
        done([own, ...issuersOf(own)]);
      }
    });
    socket.on("error", failed);
  });
}

/** The certificates that were sent with a certificate, from its issuer's on. */
function issuersOf(certificate: X509Certificate): readonly X509Certificate[] {
  const { issuerCertificate } = certificate;
  return issuerCertificate === undefined ||
    issuerCertificate.fingerprint256 === certificate.fingerprint256
    ? []
    : [issuerCertificate, ...issuersOf(issuerCertificate)];
}

/** Reads the certificates that a server sends. */
export function readCertificate(
  host: string,
  served: Served,
  roots: KnownRoots,
  now: Date,
): ServedCertificate {
  const [own] = served;
  const { subject, issuer, subjectAltName, validFrom, validTo } = own;
  const known = isOfStaging(oneLine(issuer)) ? roots.staging() : roots.system();
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names: [...(subjectAltName ?? "").matchAll(/DNS:([^,]+)/g)].map(([, name = ""]) => name),
    matchesHost: own.checkHost(host) !== undefined,
    selfSigned: isSelfSigned(own),
    chain: chainOf(served, known, now),
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
    fingerprint: own.fingerprint256,
  };
}

/** Whether an issuer's name is one of Let's Encrypt's staging environment (https://letsencrypt.org/docs/staging-environment/). */
export function isOfStaging(issuer: string): boolean {
  return issuer.includes("(STAGING)");
}
