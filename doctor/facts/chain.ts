import type { X509Certificate } from "node:crypto";

/** Where the certificates lead that a server sends with its own. */
export interface Chain {
  /**
   * `trusted`: to a root that is known here. `unknown root`: to one that is not. `open`: to a certificate whose issuer was
   * not sent, and is no root that is known here.
   */
  readonly end: "trusted" | "unknown root" | "open";
  /** Who has signed the last of them, in one line. */
  readonly issuer: string;
  /** How many there are, with the server's own. */
  readonly length: number;
  /** Whether the last of them says where its issuer's certificate is, as what is issued by no root does. */
  readonly namesIssuer: boolean;
  /** The subject of one behind the server's own that is not valid at this time; undefined where all are. */
  readonly outOfTime: string | undefined;
}

/**
 * Follows the certificates that a server sends from its own to a root: by names and key identifiers (RFC 5280, section
 * 6.1), and by their signatures. It does not look at name constraints, and not at revocation.
 *
 * @param served the server's own, and the others in any order
 * @param roots those that count as known
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

/** Whether a certificate is of its own signature. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/** A name in one line: each part is a line of its own, or there is none. */
export function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}

interface Path {
  readonly certificates: readonly X509Certificate[];
  readonly isTrusted: boolean;
}

/** All ways on: a CA may have several certificates, as when another has signed its root, too. */
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

/** What a client would go by: first to a root, then within its time, then as far as it leads. */
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
