import type { GoogleContext } from "./context.ts";
import { isSignedBy, type Jwt } from "./jwt.ts";
import type { ServiceAccount } from "./state.ts";

/** Google takes tokens of up to an hour, and clocks that differ by a few minutes. */
const LONGEST_LIFE_S = 3600;
const CLOCK_SKEW_S = 300;

/** A signed token that holds, or the words in which Google refuses it. */
export type Verdict = { readonly account: ServiceAccount } | { readonly refusal: string };

/**
 * Checks who signed a token and when: the account, that one of its usable keys made the signature, and the life that
 * the token claims for itself.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/service-account#error-codes
 */
export async function checkSigned(context: GoogleContext, jwt: Jwt): Promise<Verdict> {
  const { iss, iat, exp } = jwt.claims;
  const account = context.state.accounts.find(
    ({ email, deletedAt }) => email === iss && deletedAt === undefined,
  );
  if (!account) {
    return { refusal: "Invalid grant: account not found" };
  }
  if (account.disabled) {
    return { refusal: "Robot is disabled." };
  }
  const now = context.now() / 1000;
  const timely =
    typeof iat === "number" &&
    typeof exp === "number" &&
    iat <= now + CLOCK_SKEW_S &&
    exp > now &&
    exp - iat <= LONGEST_LIFE_S;
  if (!timely) {
    return {
      refusal:
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. " +
        "Check your iat and exp values in the JWT claim.",
    };
  }
  const signatures = await Promise.all(
    usableKeys(context, account, jwt).map(({ publicKey }) => isSignedBy(jwt, publicKey)),
  );
  return signatures.includes(true) ? { account } : { refusal: "Invalid JWT Signature." };
}

/** The keys that may have signed: the one that the header names, or any where it names none. */
function usableKeys(context: GoogleContext, account: ServiceAccount, jwt: Jwt) {
  const { kid } = jwt.header;
  return context.state.keys.filter(
    (key) =>
      key.accountId === account.uniqueId &&
      !key.disabled &&
      key.usableFrom <= context.now() &&
      (kid === undefined || kid === key.id),
  );
}
