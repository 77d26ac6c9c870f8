const ZONE = "com.cloudflare.api.account.zone";
const ACCOUNT = "com.cloudflare.api.account";
const USER = "com.cloudflare.api.user";

/** A permission group, which a policy allows on the resources of its scopes. */
export interface PermissionGroup {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

const GROUPS: readonly [id: string, name: string, scope: string][] = [
  ["eb258a38ea634c86a0c89da6b27cb6b6", "Access: Apps and Policies Read", ZONE],
  ["7ea222f6d5064cfa89ea366d7c1fee89", "Access: Apps and Policies Read", ACCOUNT],
  ["959972745952452f8be2452be8cbb9f2", "Access: Apps and Policies Write", ZONE],
  ["1e13c5124ca64b72b1969a67e8829049", "Access: Apps and Policies Write", ACCOUNT],
  ["eb56a6953c034b9d97dd838155666f06", "Account API Tokens Read", ACCOUNT],
  ["5bc3f8b21c554832afc660159ab75fa4", "Account API Tokens Write", ACCOUNT],
  ["cfa964bcdafc4ab39704e7476154e41b", "Account DNS Settings Read", ACCOUNT],
  ["dc44f27f48ab405392a5f69fe822bd01", "Account DNS Settings Write", ACCOUNT],
  ["c1fde68c7bcc44588cbb6ddbc16d6480", "Account Settings Read", ACCOUNT],
  ["1af1fa2adc104452b74a9a3364202f20", "Account Settings Write", ACCOUNT],
  ["0cc3a61731504c89b99ec1be78b77aa0", "API Tokens Read", USER],
  ["686d18d5ac6c441c867cbf6771e58a0a", "API Tokens Write", USER],
  ["da6d2d6f2ec8442eaadda60d13f42bca", "DNS Firewall Write", ACCOUNT],
  ["82e64a83756745bbbb1c9c2701bf816b", "DNS Read", ZONE],
  ["95d69e8d6d5144bfb0923667355d9f11", "DNS View Read", ACCOUNT],
  ["5b7aedd821a548b9bf5a2acabbce98c7", "DNS View Write", ACCOUNT],
  ["4755a26eedb94da69e1066d98aa820be", "DNS Write", ZONE],
  ["c03055bc037c4ea9afb9a9f104b7b721", "SSL and Certificates Write", ZONE],
  ["8acbe5bb0d54464ab867149d7f7cf8ac", "User Details Read", USER],
  ["55a5e17cc99e4a3fa1f3432d262f2e55", "User Details Write", USER],
  ["0a6cfe8cd3ed445e918579e2fb13087b", "Zone DNS Settings Read", ZONE],
  ["c4df38be41c247b3b4b7702e76eadae0", "Zone DNS Settings Write", ZONE],
  ["c8fed203ed3043cba015a93ad1616f1f", "Zone Read", ZONE],
  ["517b21aee92c4d89936c976ba6e4be55", "Zone Settings Read", ZONE],
  ["3030687196b94b638145a3953da2b699", "Zone Settings Write", ZONE],
  ["e6d2666161e84845a636613608cee8d5", "Zone Write", ZONE],
];

/**
 * Some of Cloudflare's permission groups: those that the emulated calls require, and similar ones that a search by
 * name or by scope must distinguish. Ids are Cloudflare's own, the same for every customer.
 *
 * @see https://developers.cloudflare.com/fundamentals/api/reference/permissions/
 */
export const PERMISSION_GROUPS: readonly PermissionGroup[] = GROUPS.map(([id, name, scope]) => ({
  id,
  name,
  scopes: [scope],
}));

/** The groups that an account-owned token can have: it does not act for a user. */
export const ACCOUNT_TOKEN_GROUPS: readonly PermissionGroup[] = PERMISSION_GROUPS.filter(
  ({ scopes }) => !scopes.includes(USER),
);

/** The group with this id. */
export function permissionGroup(id: string): PermissionGroup | undefined {
  return PERMISSION_GROUPS.find((group) => group.id === id);
}
