import { isIP } from "node:net";
import type { Controllable } from "../shared/control.ts";
import { type JsonObject, listOf, objectOf, textOf, textsOf } from "../shared/json.ts";
import { randomHex } from "../shared/secrets.ts";
import { seedDelegations } from "../shared/delegations.ts";
import { applySettings, COUNT, DELAY } from "../shared/settings.ts";
import type { CloudflareContext } from "./context.ts";
import type { Account, CloudflareState, Zone } from "./state.ts";
import { isNamed, NAME_SERVERS } from "./zones.ts";

/** What the sandbox can read and set in the Cloudflare emulator. */
export function cloudflareControl(context: CloudflareContext): Controllable {
  return {
    dump: () => dump(context.state),
    seed: (input) => seed(context, input),
    settings: () => context.state.settings,
    configure: (input) => {
      applySettings(
        context.state.settings,
        {
          tokenDelayMs: DELAY,
          pageSize: COUNT,
          sourceAddress: {
            expected: 'an IP address, or "" for the real one',
            accepts: (value) => value === "" || (typeof value === "string" && isIP(value) !== 0),
          },
        },
        input,
      );
    },
  };
}

/** The state without the tokens' fingerprints. */
function dump({ tokens, ...state }: CloudflareState): object {
  return {
    ...state,
    tokens: tokens.map((token) =>
      Object.fromEntries(Object.entries(token).filter(([field]) => field !== "fingerprint")),
    ),
  };
}

/**
 * Creates accounts and zones: `{accounts?: [{name, id?}], zones?: [{name, id?, account?: <name or id>, status?,
 * type?, nameServers?}]}`, changes the last three fields of existing zones, and sets the delegations in parent
 * zones: `{delegations: [{name, nameServers?}]}`.
 */
function seed(context: CloudflareContext, input: JsonObject): object {
  seedDelegations((context.state.delegations ??= {}), input);
  const accounts = listOf(input.accounts).map((entry) => seedAccount(context, objectOf(entry)));
  const zones = listOf(input.zones).map((entry) => seedZone(context, objectOf(entry)));
  return { userId: context.state.userId, accounts, zones };
}

function seedAccount(context: CloudflareContext, input: JsonObject): Account {
  const { accounts } = context.state;
  const name = textOf(input.name);
  const id = readId(input);
  if (name === undefined) {
    throw new Error("accounts: each needs a name");
  }
  const existing = accounts.find((account) => account.name === name || account.id === id);
  const account = existing ?? { id: id ?? randomHex(32), name, createdOn: now(context) };
  if (!existing) {
    accounts.push(account);
  }
  return account;
}

/** A zone without an account is added to the first account. */
function seedZone(context: CloudflareContext, input: JsonObject): Zone {
  const { accounts, zones } = context.state;
  const name = textOf(input.name)?.toLowerCase();
  const id = readId(input);
  if (name === undefined || name.endsWith(".")) {
    throw new Error("zones: each needs a name, without a final dot");
  }
  const owner = textOf(input.account);
  const account =
    owner === undefined
      ? (accounts[0] ?? seedAccount(context, { name: "Sandbox" }))
      : accounts.find((candidate) => candidate.name === owner || candidate.id === owner);
  if (!account) {
    throw new Error(`zones: there is no account ${owner}`);
  }
  // An account can have only one zone of a name.
  const existing = zones.find(
    (zone) =>
      zone.id === id ||
      (isNamed(zone, name) &&
        (owner === undefined ? id === undefined : zone.accountId === account.id)),
  );
  const zone = existing ?? {
    id: id ?? randomHex(32),
    accountId: account.id,
    name,
    createdOn: now(context),
    nameServers: NAME_SERVERS,
  };
  const { status = zone.status, type = zone.type } = {
    status: textOf(input.status),
    type: textOf(input.type),
  };
  Object.assign(zone, {
    status,
    type,
    ...(input.nameServers !== undefined && { nameServers: textsOf(input.nameServers) }),
  });
  if (!existing) {
    zones.push(zone);
  }
  return zone;
}

function readId(input: JsonObject): string | undefined {
  const id = textOf(input.id);
  if (id !== undefined && !/^[0-9a-f]{32}$/.test(id)) {
    throw new Error("id: 32 hexadecimal digits in lower case");
  }
  return id;
}

function now(context: CloudflareContext): string {
  return new Date(context.now()).toISOString();
}
