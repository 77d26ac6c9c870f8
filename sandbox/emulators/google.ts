import type { Emulator } from "./shared/emulator.ts";
import type { TxtMirror } from "./shared/mirror.ts";
import type { Exchange } from "./shared/router.ts";
import { fingerprint } from "./shared/secrets.ts";
import type { Store } from "./shared/store.ts";
import { identified } from "./google/callers.ts";
import { changeRoutes, publishZone } from "./google/changes.ts";
import type { GoogleContext } from "./google/context.ts";
import { googleControl } from "./google/control.ts";
import { roleRoutes } from "./google/customRoles.ts";
import { type DnsProblem, dnsError, googleError } from "./google/errors.ts";
import { impersonationRoutes } from "./google/impersonation.ts";
import { keyRoutes } from "./google/keys.ts";
import { metadataServerRoutes } from "./google/metadataServer.ts";
import { oauthRoutes } from "./google/oauth.ts";
import { orgPolicyRoutes } from "./google/orgPolicies.ts";
import { resourceManagerRoutes } from "./google/resourceManager.ts";
import { serviceAccountRoutes } from "./google/serviceAccounts.ts";
import { enabled } from "./google/services.ts";
import { emptyGoogleState, type GoogleState } from "./google/state.ts";
import { zoneRoutes } from "./google/zones.ts";

export { emptyGoogleState };

/** The inputs of the Google emulator. */
export interface GoogleOptions {
  readonly store: Store<GoogleState>;
  readonly mirror: TxtMirror;
  /** The operator's access token. */
  readonly adminToken: string;
  readonly universeDomain: string;
  now(): number;
  /** The emulator's URL, once it listens. */
  url(): string;
}

/** The errors of injected faults. */
const FAULTS: Readonly<Record<number, { message: string; status?: string; reason?: string }>> = {
  403: { message: "The caller does not have permission" },
  409: {
    message:
      "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
    status: "ABORTED",
    reason: "aborted",
  },
  429: { message: "Quota exceeded. Please retry later." },
  500: { message: "Internal error encountered." },
};

/** The reasons that Cloud DNS gives for these errors. */
const DNS_REASONS: Readonly<Record<number, string>> = {
  403: "forbidden",
  429: "rateLimitExceeded",
};

/**
 * The part of Google Cloud that a DNS credential uses: token endpoint, IAM, Resource Manager and Cloud DNS on one
 * address. Their paths do not collide, so every custom endpoint of the gcp plugin can point here.
 */
export function googleEmulator(options: GoogleOptions): Emulator {
  const { store, mirror, universeDomain } = options;
  // The state of an earlier version does not have the newer settings.
  store.state.settings = { ...emptyGoogleState().settings, ...store.state.settings };
  const context: GoogleContext = {
    state: store.state,
    mirror,
    universeDomain,
    adminFingerprint: fingerprint(options.adminToken),
    now: () => options.now(),
    tokenUri: () => `${options.url()}/token`,
  };
  return {
    api: {
      name: "google",
      routes: [
        ...oauthRoutes(context),
        ...orgPolicyRoutes(context),
        ...resourceManagerRoutes(context),
        ...impersonationRoutes(context),
        ...metadataServerRoutes(context),
        ...serviceAccountRoutes(context),
        ...keyRoutes(context),
        ...roleRoutes(context),
        ...zoneRoutes(context),
        ...changeRoutes(context),
      ].map((route) => identified(context, enabled(context, route))),
      unknownRoute: ({ method, path }) =>
        googleError(404, `The emulator has no ${method} ${path}.`).reply,
      failure,
      save: () => {
        store.save();
      },
    },
    control: googleControl(context),
    republish: async () => {
      for (const zone of store.state.projects.flatMap(({ zones }) => zones)) {
        await publishZone(context, zone);
      }
    },
  };
}

function failure(code: number, { path }: Exchange, more = "") {
  const { message, ...parts } = FAULTS[code] ?? { message: "Unknown error." };
  const error = googleError(code, message + more, parts);
  if (!path.startsWith("/dns/")) {
    return error.reply;
  }
  const reason = parts.reason ?? DNS_REASONS[code] ?? "backendError";
  const problem: DnsProblem = {
    code,
    reason,
    message: (code === 403 ? "Forbidden" : message) + more,
  };
  return dnsError(problem).reply;
}
