import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { stagingRoots } from "./stagingRoots.ts";

/** Root certificates by what they are for. */
export interface KnownRoots {
  /** Those of this machine and of Node, and with them those that `NODE_EXTRA_CA_CERTS` names. */
  readonly system: () => readonly X509Certificate[];
  /** Those of Let's Encrypt's staging environment. */
  readonly staging: () => readonly X509Certificate[];
}

/**
 * The roots that a chain may lead to.
 *
 * @param files files (PEM) with further ones, which count for both
 * @throws UserError when one cannot be read, or holds no certificate
 */
export function knownRoots(files: readonly string[]): KnownRoots {
  const told = files.flatMap(certificatesIn);
  return {
    system: () => [
      ...told,
      ...certificates([...getCACertificates("default"), ...getCACertificates("system")]),
    ],
    staging: () => [...told, ...certificates(stagingRoots.map(({ certificate }) => certificate))],
  };
}

function certificates(texts: readonly string[]): readonly X509Certificate[] {
  return [...new Set(texts.map((text) => text.trim()))].map((text) => new X509Certificate(text));
}

function certificatesIn(file: string): readonly X509Certificate[] {
  try {
    const text = readFileSync(file, "utf8");
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (found.length > 0) {
      return certificates(found);
    }
  } catch (error) {
    const reason = hasCode(error, "ENOENT") ? "there is no such file" : messageOf(error);
    throw new UserError(`--ca ${file} cannot be read: ${reason}`);
  }
  throw new UserError(
    `--ca ${file} holds no certificate that begins with -----BEGIN CERTIFICATE-----`,
  );
}
