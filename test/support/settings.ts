import type { ConfigSource } from "../../config/index.ts";

/** An exported wallet key, as far as its form goes. */
export const walletKey = `-----BEGIN TENDERMINT PRIVATE KEY-----
kdf: bcrypt
salt: 03C7C0ACE395D80182DB07AE2C30F034
type: secp256k1

SENTINELWALLETKEYHZJlk6ugBuYFd4MTLHv48IslNpJLmZY3h2Skt4KYtQjR2ki
=ndTk
-----END TENDERMINT PRIVATE KEY-----
`;

export const walletPassword = "SENTINEL-wallet-password";

/** The least that a stack must say. */
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
 * @param values settings to add, or to leave out where undefined
 * @param stack default: a stack whose name says nothing about its environment
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
