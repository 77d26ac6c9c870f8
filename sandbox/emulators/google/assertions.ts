import type { GoogleContext } from "./context.ts";
import { isSignedBy, type Jwt } from "./jwt.ts";
import type { ServiceAccount } from "./state.ts";

/** Google accepts tokens with a life of up to an hour, and allows for clocks that differ by a few minutes. */
const LONGEST_LIFE_S = 3600;
const CLOCK_SKEW_S = 300;

/** The account of a valid signed token, or the text of Google's refusal. */
export type Verdict = { readonly account: ServiceAccount } | { readonly refusal: string };

/**
 * Checks a signed token: the account, that the signature is by one of its usable keys, and the token's life.
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

/** The keys that may have signed: the key that the header names, or else any. */
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
