import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { stagingRoots } from "./stagingRoots.ts";

/** Root certificates by their use. */
export interface KnownRoots {
  /** The roots of this machine and of Node, including those that `NODE_EXTRA_CA_CERTS` names. */
  readonly system: () => readonly X509Certificate[];
  /** The roots of Let's Encrypt's staging environment. */
  readonly staging: () => readonly X509Certificate[];
}

/**
 * The roots at which a chain may end.
 *
 * @param files files (PEM) with additional roots, for both uses
 * @throws UserError when a file cannot be read, or contains no certificate
 */
export function knownRoots(files: readonly string[]): KnownRoots {
  const additional = files.flatMap(certificatesIn);
  return {
    system: () => [
      ...additional,
      ...certificates([...getCACertificates("default"), ...getCACertificates("system")]),
    ],
    staging: () => [
      ...additional,
      ...certificates(stagingRoots.map(({ certificate }) => certificate)),
    ],
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
    const reason = hasCode(error, "ENOENT") ? "the file does not exist" : messageOf(error);
    throw new UserError(`--ca ${file} cannot be read: ${reason}`);
  }
  throw new UserError(
    `--ca ${file} contains no certificate that begins with -----BEGIN CERTIFICATE-----`,
  );
}
