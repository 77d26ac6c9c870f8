// @peculiar/x509 requires that this is loaded first.
import "reflect-metadata";
import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type Extension,
  type X509Certificate,
} from "@peculiar/x509";
import { loopback } from "../processes/ports.ts";

/** A certificate and its private key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** The start and the end of a certificate's validity. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate authority of the sandbox. */
export interface Authority {
  /** Its certificate, as PEM. */
  readonly certificate: string;
  /** Issues a certificate for a server on this machine: `localhost`, 127.0.0.1 and the additional names. */
  server(commonName: string, names?: readonly string[], validity?: Validity): Promise<KeyPair>;
  /** Issues a certificate for a client; Kubernetes takes user and groups from its subject. */
  client(user: string, groups?: readonly string[]): Promise<KeyPair>;
  /**
   * Creates an authority below this one.
   *
   * @param organization Default: none.
   */
  intermediate(name: string, organization?: string, validity?: Validity): Promise<Authority>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** Ten years: longer than any use of the sandbox's files. No other machine trusts the authority. */
const lifetime = 10 * 365 * 24 * 3_600_000;
/** Certificates are valid from a little before now, for clocks that are set back. */
const leeway = 3_600_000;

/**
 * Creates a certificate authority. Its key exists in memory only, as long as the object.
 *
 * @param name its common name
 * @param organization Default: none.
 */
export async function createAuthority(name: string, organization?: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: nameOf(name, organization),
    serialNumber: serial(),
    ...validity(),
    keys,
    signingAlgorithm: algorithm,
    extensions: authorityExtensions,
  });
  return authorityOf(certificate, keys.privateKey);
}

function authorityOf(authority: X509Certificate, signingKey: webcrypto.CryptoKey): Authority {
  return {
    certificate: authority.toString("pem"),
    server: (commonName, names = [], valid = validity()) =>
      issue(authority, signingKey, {
        subject: [{ CN: [commonName] }],
        purpose: ExtendedKeyUsage.serverAuth,
        names: ["localhost", ...names],
        valid,
      }),
    client: (user, groups = []) =>
      issue(authority, signingKey, {
        subject: [{ CN: [user] }, ...groups.map((group) => ({ O: [group] }))],
        purpose: ExtendedKeyUsage.clientAuth,
      }),
    intermediate: async (name, organization, valid) => {
      const { certificate, privateKey } = await sign(authority, signingKey, {
        subject: nameOf(name, organization),
        valid,
        extensions: authorityExtensions,
      });
      return authorityOf(certificate, privateKey);
    },
  };
}

function nameOf(name: string, organization: string | undefined) {
  return [{ CN: [name] }, ...(organization === undefined ? [] : [{ O: [organization] }])];
}

const authorityExtensions = [
  new BasicConstraintsExtension(true, undefined, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];

/**
 * Creates a self-signed certificate, as an Akash provider has on the chain.
 *
 * @param organization Default: none.
 * @param host the name in the certificate. Default: none.
 */
export async function createSelfSigned(
  commonName: string,
  organization?: string,
  host?: string,
): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: nameOf(commonName, organization),
    extensions:
      host === undefined
        ? []
        : [new SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
    serialNumber: serial(),
    ...validity(),
    keys,
    signingAlgorithm: algorithm,
  });
  return keyPair(certificate, keys.privateKey);
}

/** A key pair without certificate, as PEM, for the service account tokens that Kubernetes signs. */
export function createSigningKeys(): { readonly publicKey: string; readonly privateKey: string } {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/** The content of a server's or client's certificate. */
interface Wanted {
  readonly subject: Record<string, string[]>[];
  readonly purpose: ExtendedKeyUsage;
  readonly names?: readonly string[];
  readonly valid?: Validity | undefined;
}

async function issue(
  authority: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  { subject, purpose, names = [], valid }: Wanted,
): Promise<KeyPair> {
  const alternatives = [
    ...names.map((value) => ({ type: "dns", value }) as const),
    { type: "ip", value: loopback } as const,
  ];
  const { certificate, privateKey } = await sign(authority, signingKey, {
    subject,
    valid,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([purpose]),
      // etcd also checks the address of its clients if their certificate contains addresses.
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  });
  return keyPair(certificate, privateKey);
}

/** The common content of all certificates. */
interface Signed {
  readonly subject: Record<string, string[]>[];
  /** Default: ten years. */
  readonly valid: Validity | undefined;
  readonly extensions: Extension[];
}

/** Creates a key, and an authority's certificate for it. */
async function sign(
  authority: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  { subject, valid = validity(), extensions }: Signed,
) {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]);
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: authority.subject,
    serialNumber: serial(),
    ...valid,
    publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions,
  });
  return { certificate, privateKey };
}

async function keyPair(
  certificate: X509Certificate,
  privateKey: webcrypto.CryptoKey,
): Promise<KeyPair> {
  const key = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return { certificate: certificate.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
}

function validity(): Validity {
  const now = Date.now();
  return { notBefore: new Date(now - leeway), notAfter: new Date(now + lifetime) };
}

function serial(): string {
  // A leading zero bit keeps the number positive.
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}
