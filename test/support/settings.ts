import type { ConfigSource } from "../../config/index.ts";

/** A text in the form of an exported wallet key. */
export const walletKey = `-----BEGIN TENDERMINT PRIVATE KEY-----
kdf: bcrypt
salt: 03C7C0ACE395D80182DB07AE2C30F034
type: secp256k1

SENTINELWALLETKEYHZJlk6ugBuYFd4MTLHv48IslNpJLmZY3h2Skt4KYtQjR2ki
=ndTk
-----END TENDERMINT PRIVATE KEY-----
`;

export const walletPassword = "SENTINEL-wallet-password";

/** The required settings of a stack. */
export const requiredSettings: Readonly<Record<string, string>> = {
  from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
  walletKey,
  walletPassword,
  domain: "example.com",
  email: "operator@example.com",
  acmeDirectory: "production",
};

/**
 * A configuration source with the required settings.
 *
 * @param values settings to add, or to omit if undefined
 * @param stack default: a stack whose name does not imply an environment
 */
export function configSource(
  values: Readonly<Record<string, string | undefined>> = {},
  stack = "home",
): ConfigSource {
  const all = Object.entries({ ...requiredSettings, ...values });
  return {
    stack,
    values: Object.fromEntries(
      all.filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    secrets: new Set(["walletKey", "walletPassword"]),
  };
}
