import type { Emulator } from "./shared/emulator.ts";
import type { TxtMirror } from "./shared/mirror.ts";
import { fingerprint } from "./shared/secrets.ts";
import type { Store } from "./shared/store.ts";
import { accountRoutes } from "./cloudflare/accounts.ts";
import { API_PREFIX, type CloudflareContext } from "./cloudflare/context.ts";
import { cloudflareControl } from "./cloudflare/control.ts";
import { cloudflareError, type Problem, unroutable } from "./cloudflare/envelope.ts";
import { publishZone, recordRoutes } from "./cloudflare/records.ts";
import type { CloudflareState } from "./cloudflare/state.ts";
import { tokenRoutes } from "./cloudflare/tokens.ts";
import { zoneChangeRoutes } from "./cloudflare/zoneChanges.ts";
import { zoneRoutes } from "./cloudflare/zones.ts";

export { emptyCloudflareState } from "./cloudflare/state.ts";

/** The inputs of the Cloudflare emulator. */
export interface CloudflareOptions {
  readonly store: Store<CloudflareState>;
  readonly mirror: TxtMirror;
  /** The operator's API token. */
  readonly adminToken: string;
  /** The operator's global API key. */
  readonly adminKey: string;
  now(): number;
}

/** The errors of injected faults. Cloudflare does not document the codes; clients check the status. */
const FAULTS: Readonly<Record<number, Problem>> = {
  403: { code: 10000, message: "Authentication error" },
  409: { code: 1009, message: "The request conflicts with another one." },
  429: { code: 971, message: "Please wait and consider throttling your request speed" },
  500: { code: 1002, message: "An internal error prevented the request from being served." },
};

/** The part of Cloudflare's API v4 that a DNS credential uses: tokens, accounts, zones and DNS records. */
export function cloudflareEmulator(options: CloudflareOptions): Emulator {
  const { store, mirror } = options;
  const context: CloudflareContext = {
    state: store.state,
    mirror,
    adminFingerprint: fingerprint(options.adminToken),
    adminKeyFingerprint: fingerprint(options.adminKey),
    now: () => options.now(),
  };
  return {
    api: {
      name: "cloudflare",
      routes: [
        ...tokenRoutes(context),
        ...accountRoutes(context),
        ...zoneRoutes(context),
        ...zoneChangeRoutes(context),
        ...recordRoutes(context),
      ],
      unknownRoute: ({ path }) => unroutable(path.replace(API_PREFIX, "")).reply,
      failure: (status, _exchange, more = "") => {
        const { code, message } = FAULTS[status] ?? { code: status, message: "Unknown error." };
        return cloudflareError(status, { code, message: message + more }).reply;
      },
      save: () => {
        store.save();
      },
    },
    control: cloudflareControl(context),
    republish: async () => {
      for (const zone of store.state.zones) {
        await publishZone(context, zone);
      }
    },
  };
}
