import type { Check } from "../check.ts";
import { found, NotAvailable, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential } from "./remedies.ts";

const ended: Problem = {
  id: "credential-ended",
  severity: "error",
  title: "The DNS credential has expired",
  why: "The certificate cannot be renewed with this credential.",
  command: renewCredential,
};

const ending: Problem = {
  id: "credential-ending",
  severity: "warning",
  title: "The DNS credential expires soon",
  why: "Every renewal after the expiry fails.",
  command: renewCredential,
};

const old: Problem = {
  id: "credential-old",
  severity: "warning",
  title: "The DNS credential is old",
  why: "A leaked credential can be used until it is deleted. A rotation proves the new credential before it is used, and then deletes the old one.",
  command: renewCredential,
};

const day = 24 * 60 * 60 * 1_000;
/** The credential is near its expiry from this many days before it. */
const nearEnd = 14;
/** The credential is old after this many days, unless the stack's outputs contain the date of its replacement. */
const maxAge = 90;

/** Age and expiry of the DNS credential. */
export const credentialLife: Check = {
  id: "credential-life",
  group: "Credential",
  title: "The DNS credential is neither old nor near its expiry",
  problems: [ended, ending, old],
  applies: hasCredential,
  run: async (context) => {
    const { expected, now } = context;
    const { created } = expected;
    const life = await (await credentialInUse(context)).life();
    const createdAt = life.createdAt ?? created?.createdAt;
    const expiresAt = life.expiresAt ?? created?.expiresAt;
    if (createdAt === undefined && expiresAt === undefined) {
      throw new NotAvailable("the DNS provider does not report the age of the provided credential");
    }
    const daysLeft = days(now, expiresAt);
    // For a key without expiry Google returns a date in the year 9999.
    const ends = daysLeft <= 36_500;
    const age = createdAt === undefined ? undefined : -days(now, createdAt);
    const seen = [
      age === undefined ? "of unknown age" : `${Math.floor(age)} days old`,
      ends ? `expires on ${expiresAt ?? ""}` : "without expiry",
    ].join(", ");
    const rotateBy = created?.rotateBy === undefined ? undefined : Date.parse(created.rotateBy);
    const tooOld =
      rotateBy === undefined ? age !== undefined && age >= maxAge : rotateBy <= now.getTime();
    const wanted = `${nearEnd} days before its expiry`;
    const rotation =
      rotateBy ?? (createdAt === undefined ? undefined : Date.parse(createdAt) + maxAge * day);
    return {
      seen,
      times: {
        ...(createdAt !== undefined && { credentialCreated: new Date(createdAt) }),
        ...(expiresAt !== undefined && ends && { credentialExpiry: new Date(expiresAt) }),
        ...(rotation !== undefined && { credentialRotateBy: new Date(rotation) }),
      },
      found:
        daysLeft <= 0
          ? [found(ended, expected, { expected: "a valid credential", seen })]
          : daysLeft < nearEnd
            ? [found(ending, expected, { expected: `replaced ${wanted}`, seen })]
            : tooOld
              ? [
                  found(old, expected, {
                    expected: `replaced by ${created?.rotateBy ?? `the age of ${maxAge} days`}`,
                    seen,
                  }),
                ]
              : [],
    };
  },
};

function days(from: Date, to: string | undefined): number {
  return to === undefined ? Infinity : (Date.parse(to) - from.getTime()) / day;
}
