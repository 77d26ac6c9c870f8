const day = 24 * 60 * 60 * 1_000;

/** How many days before its expiry a credential is replaced. */
const nearEnd = 14;

/** The validity of a credential, according to the DNS provider. */
export interface CredentialLife {
  /** Creation time, in RFC 3339 form. */
  readonly createdAt: string;
  /** Expiry time, in RFC 3339 form. None, or a date far in the future, for a credential that does not expire. */
  readonly expiresAt: string | undefined;
}

/**
 * The day on which a credential is due for replacement: at its maximum age, or before it expires.
 *
 * @param maxAgeDays maximum age in days
 * @returns a date, such as `2027-02-23`
 */
export function rotateBy({ createdAt, expiresAt }: CredentialLife, maxAgeDays: number): string {
  const tooOld = Date.parse(createdAt) + maxAgeDays * day;
  const end = expiresAt === undefined ? Infinity : Date.parse(expiresAt) - nearEnd * day;
  return new Date(Math.min(tooOld, end)).toISOString().slice(0, 10);
}

/**
 * A warning about a credential's age.
 *
 * @param command the command that replaces it
 * @param now the current time, in milliseconds since the epoch
 * @returns a sentence, or undefined while the credential is not due
 */
export function ageWarning(
  life: CredentialLife,
  maxAgeDays: number,
  command: string,
  now: number = Date.now(),
): string | undefined {
  const days = (from: number, to: number) => Math.floor((to - from) / day);
  const remedy = `replace it: ${command}`;
  const end = life.expiresAt === undefined ? Infinity : Date.parse(life.expiresAt);
  if (end <= now) {
    return `The DNS credential expired on ${life.expiresAt ?? ""}, so no certificate can be renewed; ${remedy}`;
  }
  if (days(now, end) < nearEnd) {
    return `The DNS credential expires in ${days(now, end)} days, on ${life.expiresAt ?? ""}; ${remedy}`;
  }
  const age = days(Date.parse(life.createdAt), now);
  return age >= maxAgeDays
    ? `The DNS credential is ${age} days old (dns.maxAgeDays is ${maxAgeDays}); ${remedy}`
    : undefined;
}
