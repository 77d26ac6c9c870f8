import { sign, X509Certificate } from "node:crypto";

/** ASN.1 types of DER. */
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const NULL = 0x05;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;

/** 1.2.840.113549.1.1.11 and 2.5.4.3. */
const SHA256_WITH_RSA = Buffer.from("2a864886f70d01010b", "hex");
const COMMON_NAME = Buffer.from("550403", "hex");

/** The halves of a key pair: SPKI in DER, PKCS #8 in PEM. */
export interface KeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: string;
}

/**
 * A self-signed certificate for a service account key, in PEM, the format in which IAM returns the public half.
 * Node's crypto reads certificates but cannot create them, hence the DER.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function selfSigned(pair: KeyPair, subject: string, from: Date, until: Date): string {
  const algorithm = der(SEQUENCE, der(OBJECT_ID, SHA256_WITH_RSA), der(NULL));
  const commonName = der(
    SEQUENCE,
    der(OBJECT_ID, COMMON_NAME),
    der(UTF8_STRING, Buffer.from(subject)),
  );
  const name = der(SEQUENCE, der(SET, commonName));
  const body = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.from([1])),
    algorithm,
    name,
    der(SEQUENCE, time(from), time(until)),
    name,
    pair.publicKey,
  );
  const signature = sign("RSA-SHA256", body, pair.privateKey);
  const unusedBits = Buffer.from([0]);
  const certificate = der(SEQUENCE, body, algorithm, der(BIT_STRING, unusedBits, signature));
  return new X509Certificate(certificate).toString();
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "");
  return der(GENERALIZED_TIME, Buffer.from(digits));
}

function der(type: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([type]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) {
    return Buffer.from([size]);
  }
  const hex = size.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}
