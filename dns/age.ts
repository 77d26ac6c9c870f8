const day = 24 * 60 * 60 * 1_000;

/** From how many days before its end on a credential is near it. */
const nearEnd = 14;

/** The life of a credential, as the cloud tells it. */
export interface CredentialLife {
  /** When it was made, in RFC 3339 form. */
  readonly createdAt: string;
  /** When it ends, in RFC 3339 form. None, or a date far off, when it does not. */
  readonly expiresAt: string | undefined;
}

/**
 * The day from which on a credential is to be replaced: when it gets too old, or before it ends.
 *
 * @param maxAgeDays after how many days it is too old
 * @returns a date, such as `2027-02-23`
 */
export function rotateBy({ createdAt, expiresAt }: CredentialLife, maxAgeDays: number): string {
  const tooOld = Date.parse(createdAt) + maxAgeDays * day;
  const end = expiresAt === undefined ? Infinity : Date.parse(expiresAt) - nearEnd * day;
  return new Date(Math.min(tooOld, end)).toISOString().slice(0, 10);
}

/**
 * What an operator should know about a credential's age.
 *
 * @param command the command that replaces it
 * @param now the present, in milliseconds since the epoch
 * @returns a sentence, or undefined while there is time
 */
export function ageWarning(
  life: CredentialLife,
  maxAgeDays: number,
  command: string,
  now: number = Date.now(),
): string | undefined {
  const days = (from: number, to: number) => Math.floor((to - from) / day);
  const mend = `replace it: ${command}`;
  const end = life.expiresAt === undefined ? Infinity : Date.parse(life.expiresAt);
  if (end <= now) {
    return `The DNS credential ended on ${life.expiresAt ?? ""}, so no certificate can be renewed; ${mend}`;
  }
  if (days(now, end) < nearEnd) {
    return `The DNS credential ends in ${days(now, end)} days, on ${life.expiresAt ?? ""}; ${mend}`;
  }
  const age = days(Date.parse(life.createdAt), now);
  return age >= maxAgeDays
    ? `The DNS credential is ${age} days old (dns.maxAgeDays is ${maxAgeDays}); ${mend}`
    : undefined;
}
