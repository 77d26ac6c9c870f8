import type { X509Certificate } from "node:crypto";

/** The chain of the certificates that a server sends. */
export interface Chain {
  /**
   * `trusted`: the chain ends at a known root. `unknown root`: at another root. `open`: at a certificate whose issuer was
   * not sent and is not a known root.
   */
  readonly end: "trusted" | "unknown root" | "open";
  /** The issuer of the last certificate, in one line. */
  readonly issuer: string;
  /** The number of certificates, including the server's own. */
  readonly length: number;
  /** Whether the last certificate contains the address of its issuer's certificate, unlike one issued by a root. */
  readonly namesIssuer: boolean;
  /** The subject of a certificate after the server's own that is not valid now; undefined if all are valid. */
  readonly outOfTime: string | undefined;
}

/**
 * Follows the certificates that a server sends from its own to a root, by names and key identifiers (RFC 5280, section
 * 6.1) and by their signatures. Name constraints and revocation are not checked.
 *
 * @param served the server's own, and the others in any order
 * @param roots the known roots
 */
export function chainOf(
  [own, ...others]: readonly [X509Certificate, ...X509Certificate[]],
  roots: readonly X509Certificate[],
  now: Date,
): Chain {
  const paths = pathsFrom([own], others, roots);
  const best = paths.reduce((chosen, path) =>
    rank(path, now) > rank(chosen, now) ? path : chosen,
  );
  const last = best.certificates.at(-1) ?? own;
  return {
    end: best.isTrusted ? "trusted" : isSelfSigned(last) ? "unknown root" : "open",
    issuer: oneLine(last.issuer),
    length: best.certificates.length,
    namesIssuer: (last.infoAccess ?? "").includes("CA Issuers"),
    outOfTime: outOfTime(best, now),
  };
}

/** Whether a certificate is self-signed. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/** A name in one line: Node returns each part on a separate line, or no name. */
export function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}

interface Path {
  readonly certificates: readonly X509Certificate[];
  readonly isTrusted: boolean;
}

/** All paths: a CA may have several certificates, for example if another CA has cross-signed its root. */
function pathsFrom(
  certificates: readonly X509Certificate[],
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): readonly Path[] {
  const last = certificates.at(-1);
  if (last === undefined) {
    return [];
  }
  const isTrusted = roots.some(
    (root) => root.fingerprint256 === last.fingerprint256 || isIssuedBy(last, root),
  );
  const next = isTrusted
    ? []
    : others.filter((other) => other.ca && !isSelfSigned(last) && isIssuedBy(last, other));
  return next.length === 0
    ? [{ certificates, isTrusted }]
    : next.flatMap((issuer) =>
        pathsFrom(
          [...certificates, issuer],
          others.filter((other) => other !== issuer),
          roots,
        ),
      );
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return (
    certificate.issuer === issuer.subject &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey)
  );
}

/** The preference of a client: first a path to a known root, then a valid one, then the longest. */
function rank(path: Path, now: Date): number {
  return (
    (path.isTrusted ? 1_000 : 0) +
    (outOfTime(path, now) === undefined ? 100 : 0) +
    path.certificates.length
  );
}

function outOfTime({ certificates }: Path, now: Date): string | undefined {
  const found = certificates
    .slice(1)
    .find(({ validFrom, validTo }) => new Date(validFrom) > now || new Date(validTo) < now);
  return found && oneLine(found.subject);
}
