import { X509Certificate } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:tls";
import type { Address } from "../arguments.ts";
import { messageOf } from "../../lib/errors.ts";
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
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The port of the provider's REST API, the one that serves the Let's Encrypt certificate. */
export const apiPort = 8443;
/** The port that Let's Encrypt asks for an HTTP-01 challenge (RFC 8555, section 8.3). */
export const challengePort = 80;
/** No challenge has this token, so nothing is answered in its place. */
const challengePath = "/.well-known/acme-challenge/doctor-was-here";

const timeout = 10_000;
const bodyStart = 200;

/**
 * Connects to the provider's host.
 *
 * @param host its name
 * @param addressOf where a port of it is
 */
export function wireFacts(
  host: string,
  addressOf: (port: number) => Promise<Address | undefined>,
): WireFacts {
  const at = async <T>(port: number, ask: (address: Address) => Promise<T>) => {
    const address = await addressOf(port);
    if (address === undefined) {
      return { unreachable: `${host} has no address` };
    }
    try {
      return await ask(address);
    } catch (error) {
      // OpenSSL ends its words with empty lines.
      return { unreachable: `${address.address}:${address.port}: ${messageOf(error).trim()}` };
    }
  };
  return {
    challenge: once(() => at(challengePort, (address) => getChallenge(host, address))),
    certificate: once(() => at(apiPort, (address) => getCertificate(host, address))),
  };
}

function getChallenge(host: string, { address, port }: Address): Promise<Reply> {
  return new Promise((done, failed) => {
    const options = { host: address, port, path: challengePath, headers: { host }, timeout };
    const asked = request({ ...options, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body = (body + text).slice(0, bodyStart);
      });
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        done({ status, location: headers.location, body });
      });
      response.on("error", failed);
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")));
    asked.on("error", failed);
    asked.end();
  });
}

function getCertificate(host: string, { address, port }: Address): Promise<ServedCertificate> {
  return new Promise((done, failed) => {
    const socket = connect({
      host: address,
      port,
      servername: host,
      // Which certificate it is, trusted or not, is the question.
      rejectUnauthorized: false,
      timeout,
    });
    socket.on("secureConnect", () => {
      const { raw } = socket.getPeerCertificate() as { readonly raw?: Buffer };
      socket.destroy();
      if (raw === undefined) {
        failed(new Error("it serves no certificate"));
      } else {
        done(readCertificate(host, raw));
      }
    });
    socket.on("timeout", () => socket.destroy(new Error("no answer within 10 s")));
    socket.on("error", failed);
  });
}

/** Reads a certificate in DER or PEM. */
export function readCertificate(host: string, raw: Buffer | string): ServedCertificate {
  const certificate = new X509Certificate(raw);
  const { subject, issuer, subjectAltName, validFrom, validTo } = certificate;
  return {
    // Each is several lines, one for each part, or undefined where there is none.
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names: [...(subjectAltName ?? "").matchAll(/DNS:([^,]+)/g)].map(([, name = ""]) => name),
    matchesHost: certificate.checkHost(host) !== undefined,
    selfSigned: subject === issuer && certificate.verify(certificate.publicKey),
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
  };
}

function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}
