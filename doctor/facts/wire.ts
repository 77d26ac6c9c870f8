import type { X509Certificate } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:tls";
import type { Address } from "../arguments.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { messageOf } from "../../lib/errors.ts";
import { chainOf, isSelfSigned, oneLine, type Chain } from "./chain.ts";
import type { KnownRoots } from "./knownRoots.ts";
import { once } from "./once.ts";

/** What the provider's host serves. */
export interface WireFacts {
  /** What answers a request for an HTTP-01 challenge. */
  readonly challenge: () => Promise<Reply | Unreachable>;
  /** The certificate that the provider's API serves to who names the host (SNI). */
  readonly certificate: () => Promise<ServedCertificate | Unreachable>;
}

/** Nothing answered. */
export interface Unreachable {
  readonly unreachable: string;
}

/** An answer on port 80. */
export interface Reply {
  readonly status: number;
  readonly location: string | undefined;
  /** The beginning of the body. */
  readonly body: string;
}

/** A certificate, as far as the checks read it. */
export interface ServedCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** DNS names. */
  readonly names: readonly string[];
  readonly matchesHost: boolean;
  readonly selfSigned: boolean;
  /** Where what is sent with it leads. */
  readonly chain: Chain;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** By SHA-256, by which one is told from another. */
  readonly fingerprint: string;
}

/** The port of the provider's REST API, the one that serves the Let's Encrypt certificate. */
export const apiPort = 8443;
/** The port that Let's Encrypt asks for an HTTP-01 challenge (RFC 8555, section 8.3). */
export const challengePort = 80;
/** The port that tenants' hosts are served on. */
export const ingressPort = 443;
/** No challenge has this token, so nothing is answered in its place. */
const challengePath = "/.well-known/acme-challenge/doctor-was-here";

const bodyStart = 200;

/** How a {@link wireFacts} looks. */
export interface WireOptions {
  /** The roots that a chain may lead to, by what the certificate calls itself. */
  readonly roots: KnownRoots;
  /** How long an answer may take, to its end, in milliseconds. Default: 10 s. */
  readonly timeout?: number;
  /** Default: the present. */
  readonly now?: Date;
}

/**
 * Connects to the provider's host.
 *
 * @param host its name
 * @param addressOf where a port of it is
 * @param options how it looks
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

/** The certificate that is served at an address to who names a host (SNI). */
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
    // OpenSSL ends its words with empty lines.
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
          // There may be no end of it.
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

/** What a server sends: its own certificate, then those that lead from it to a root. */
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
      // Which certificate it is, trusted or not, is the question.
      rejectUnauthorized: false,
      // None of this machine's, so that only what is sent is seen.
      ca: [],
    });
    end.addEventListener("abort", () => {
      socket.destroy();
    });
    socket.on("secureConnect", () => {
      const own = socket.getPeerX509Certificate();
      socket.destroy();
      if (own === undefined) {
        failed(new Error("it serves no certificate"));
      } else {
        done([own, ...issuersOf(own)]);
      }
    });
    socket.on("error", failed);
  });
}

/** The certificates that were sent with one, from its issuer's on. */
function issuersOf(certificate: X509Certificate): readonly X509Certificate[] {
  const { issuerCertificate } = certificate;
  return issuerCertificate === undefined ||
    issuerCertificate.fingerprint256 === certificate.fingerprint256
    ? []
    : [issuerCertificate, ...issuersOf(issuerCertificate)];
}

/** Reads what a server sends. */
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

/** Whether an issuer calls itself one of Let's Encrypt's staging environment (https://letsencrypt.org/docs/staging-environment/). */
export function isOfStaging(issuer: string): boolean {
  return issuer.includes("(STAGING)");
}
