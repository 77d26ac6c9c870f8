import type { CaaRecord } from "node:dns";
import type { Check } from "../check.ts";
import type { DnsFacts } from "../facts/dns.ts";
import { found, type Problem } from "../finding.ts";
import { usesLetsEncrypt } from "./issuerErrors.ts";
import { askCaa } from "./lookUp.ts";

const forbidden: Problem = {
  id: "caa-forbids",
  severity: "error",
  title: "CAA records forbid Let's Encrypt to issue for the host",
  why: "A CA must obey CAA records (RFC 8659), so it neither issues nor renews the certificate.",
  command: askCaa,
};

const method: Problem = {
  id: "caa-method",
  severity: "error",
  title: "CAA records forbid the stack's challenge",
  why: "`validationmethods` lists the allowed challenges (RFC 8657), and the stack's challenge is not in the list.",
  command: askCaa,
};

const account: Problem = {
  id: "caa-account",
  severity: "info",
  title: "CAA records restrict Let's Encrypt to one account",
  why: "Only the account with this URL gets certificates (RFC 8657). The issuer's account is stored in the home volume; with a new volume the issuer registers a new account.",
  command: askCaa,
};

/** Let's Encrypt's name in CAA records (https://letsencrypt.org/docs/caa/). */
const letsEncrypt = "letsencrypt.org";

/** Whether the CAA records allow Let's Encrypt to issue for the host. */
export const caa: Check = {
  id: "caa",
  group: "DNS and ingress",
  title: "CAA records allow Let's Encrypt to issue for the host",
  problems: [forbidden, method, account],
  // The name of another CA in CAA records is not known.
  applies: usesLetsEncrypt,
  run: async ({ expected, dns }) => {
    const { name, issuers } = await governing(dns, expected.host);
    const all = issuers.join(" | ");
    if (issuers.length === 0) {
      return { found: [], seen: "none" };
    }
    const ours = issuers.map(parseIssuer).filter(({ ca }) => ca === letsEncrypt);
    const seen = `${all} at ${name}`;
    if (ours.length === 0) {
      return { seen, found: [found(forbidden, expected, { expected: letsEncrypt, seen })] };
    }
    const challenge = expected.challenge.type;
    const fitting = ours.filter(
      ({ methods }) => methods === undefined || methods.split(",").includes(challenge),
    );
    const bound = fitting.length > 0 && fitting.every(({ account }) => account !== undefined);
    return {
      seen,
      found: [
        ...(fitting.length === 0 ? [found(method, expected, { expected: challenge, seen })] : []),
        ...(bound ? [found(account, expected, { expected: "the issuer's account", seen })] : []),
      ],
    };
  },
};

/** The `issue` records that apply: those of the nearest name up the tree that has CAA records (RFC 8659, section 3). */
async function governing({ caa }: DnsFacts, host: string) {
  const labels = host.split(".");
  for (let index = 0; index < labels.length; index += 1) {
    const name = labels.slice(index).join(".");
    const records = await caa(name);
    if (records.length > 0) {
      return { name, issuers: records.flatMap(({ issue }: CaaRecord) => issue ?? []) };
    }
  }
  return { name: host, issuers: [] };
}

/** `letsencrypt.org; validationmethods=dns-01; accounturi=https://…` */
function parseIssuer(record: string) {
  const [ca = "", ...parameters] = record.split(";").map((part) => part.trim());
  const value = (name: string) =>
    parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
  return { ca, methods: value("validationmethods"), account: value("accounturi") };
}
