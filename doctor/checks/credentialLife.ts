import type { Check } from "../check.ts";
import { found, NotSeen, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential } from "./mend.ts";

const ended: Problem = {
  id: "credential-ended",
  severity: "error",
  title: "The DNS credential has ended",
  why: "No certificate can be renewed with it.",
  command: renewCredential,
};

const ending: Problem = {
  id: "credential-ending",
  severity: "warning",
  title: "The DNS credential ends soon",
  why: "A renewal after that fails, however often it is tried.",
  command: renewCredential,
};

const old: Problem = {
  id: "credential-old",
  severity: "warning",
  title: "The DNS credential is old",
  why: "Who has got hold of it can use it for as long as it lives. The new one is proven before it is put to use, and the old one deleted after that.",
  command: renewCredential,
};

const day = 24 * 60 * 60 * 1_000;
/** From how many days before its end on it is near it. */
const nearEnd = 14;
/** After how many days it is old, where the stack's outputs do not say when to replace it. */
const maxAge = 90;

/** Age and end of the DNS credential. */
export const credentialLife: Check = {
  id: "credential-life",
  group: "Credential",
  title: "The DNS credential is neither old nor near its end",
  problems: [ended, ending, old],
  applies: hasCredential,
  run: async (context) => {
    const { expected, now } = context;
    const { made } = expected;
    const told = await (await credentialInUse(context)).life();
    const createdAt = told.createdAt ?? made?.createdAt;
    const expiresAt = told.expiresAt ?? made?.expiresAt;
    if (createdAt === undefined && expiresAt === undefined) {
      throw new NotSeen("the stack brings its own credential, and its cloud does not tell its age");
    }
    const daysLeft = days(now, expiresAt);
    // Google writes a date in the year 9999 for a key without an end.
    const ends = daysLeft <= 36_500;
    const age = createdAt === undefined ? undefined : -days(now, createdAt);
    const seen = [
      age === undefined ? "of unknown age" : `${Math.floor(age)} days old`,
      ends ? `ends on ${expiresAt ?? ""}` : "without an end",
    ].join(", ");
    const rotateBy = made?.rotateBy === undefined ? undefined : Date.parse(made.rotateBy);
    const tooOld =
      rotateBy === undefined ? age !== undefined && age >= maxAge : rotateBy <= now.getTime();
    const wanted = `${nearEnd} days before its end`;
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
          ? [found(ended, expected, { expected: "a living credential", seen })]
          : daysLeft < nearEnd
            ? [found(ending, expected, { expected: `replaced ${wanted}`, seen })]
            : tooOld
              ? [
                  found(old, expected, {
                    expected: `replaced by ${made?.rotateBy ?? `the age of ${maxAge} days`}`,
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
