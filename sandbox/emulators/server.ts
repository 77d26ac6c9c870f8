import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { cloudflareEmulator, emptyCloudflareState } from "./cloudflare.ts";
import { emptyGoogleState, googleEmulator } from "./google.ts";
import { type RunningDns, startDns } from "./dns.ts";
import { CallList } from "./shared/calls.ts";
import { CONTROL_PREFIX, controlRoutes } from "./shared/control.ts";
import type { Emulator } from "./shared/emulator.ts";
import { FaultList } from "./shared/faults.ts";
import { apiListener } from "./shared/listener.ts";
import { ChallengeServerMirror, NO_MIRROR } from "./shared/mirror.ts";
import { randomHex, randomToken } from "./shared/secrets.ts";
import { openStore } from "./shared/store.ts";

/** The only address that the emulators listen on. */
const LOOPBACK = "127.0.0.1";

/** Material for the HTTPS listener of Google's services. */
export interface TlsOptions {
  /** PEM of a certificate for `dns.<universe domain>`. */
  readonly cert: string;
  /** PEM of its key. */
  readonly key: string;
  /** @default 0, a free port */
  readonly port?: number;
}

/** The options of the emulators. */
export interface EmulatorOptions {
  /** @default 0, a free port. Keys and tokens remain usable after a restart only with a fixed port. */
  readonly googlePort?: number;
  /** @default 0, a free port */
  readonly cloudflarePort?: number;
  /** Port of the DNS server that serves the delegation of the emulated zones. @default 0, a free port */
  readonly dnsPort?: number;
  /** The operator's access token for Google Cloud. @default a new one at every start */
  readonly googleAdminToken?: string;
  /** The operator's API token for Cloudflare, of 40 to 80 letters, digits, "-" and "_". @default a new one at every start */
  readonly cloudflareAdminToken?: string;
  /** The operator's global API key for Cloudflare. @default a new one at every start */
  readonly cloudflareAdminKey?: string;
  /** The bearer token that the control APIs require. @default a new one at every start */
  readonly controlToken?: string;
  /** File for the state of both emulators. @default none: the state is lost when the process ends */
  readonly stateFile?: string;
  /** URL of the management API of pebble-challtestsrv. @default none: records are not published */
  readonly challtestsrv?: string;
  /** Adds an HTTPS listener, for clients that reach Cloud DNS by its universe domain. */
  readonly tls?: TlsOptions;
  /** Domain of Google's services, as in `dns.<universe domain>`. @default "googleapis.com" */
  readonly universeDomain?: string;
  /** Receives the log lines, which never contain a credential. @default none */
  readonly log?: (line: string) => void;
  /** The clock, in milliseconds since the epoch. @default the machine's clock */
  readonly now?: () => number;
}

/** Running emulators. */
export interface RunningEmulators {
  /** Root of the Google APIs; the custom endpoints are `<url>/v1/` and `<url>/dns/v1beta2/`. */
  readonly googleUrl: string;
  /** Base URL of the Cloudflare API, including `/client/v4`. */
  readonly cloudflareUrl: string;
  /** Address and port of the DNS server that serves the delegation of the emulated zones. */
  readonly dnsServer: string;
  /** URLs of the emulators' control APIs. */
  readonly control: { readonly google: string; readonly cloudflare: string };
  /** HTTPS root of the Google APIs on 127.0.0.1, if TLS material was given. */
  readonly googleTlsUrl?: string;
  readonly googleAdminToken: string;
  readonly cloudflareAdminToken: string;
  readonly cloudflareAdminKey: string;
  readonly controlToken: string;
  /** Stops listening and closes the open connections. */
  readonly close: () => Promise<void>;
}

/** Starts the emulators of Google Cloud and Cloudflare. */
export async function startEmulators(options: EmulatorOptions = {}): Promise<RunningEmulators> {
  const {
    googleAdminToken = `ya29.${randomToken(60)}`,
    cloudflareAdminToken = randomToken(40),
    cloudflareAdminKey = randomHex(37),
    controlToken = randomToken(40),
    universeDomain = "googleapis.com",
    log = () => undefined,
    now = Date.now,
  } = options;
  const state = { google: emptyGoogleState(), cloudflare: emptyCloudflareState() };
  const file = openStore(state, options.stateFile);
  const mirror =
    options.challtestsrv === undefined
      ? NO_MIRROR
      : new ChallengeServerMirror(options.challtestsrv, log);
  let googleUrl = "";
  const google = googleEmulator({
    store: file.part("google"),
    mirror,
    adminToken: googleAdminToken,
    universeDomain,
    now,
    url: () => googleUrl,
  });
  const cloudflare = cloudflareEmulator({
    store: file.part("cloudflare"),
    mirror,
    adminToken: cloudflareAdminToken,
    adminKey: cloudflareAdminKey,
    now,
  });
  const listenGoogle = listenerOf(google, log, controlToken, now);
  const servers: Server[] = [];
  const start = async (server: Server, port = 0) => {
    servers.push(server);
    return await listen(server, port);
  };
  let dns: RunningDns | undefined;
  const close = async () => {
    dns?.close();
    dns = undefined;
    await Promise.all(servers.map(stop));
  };
  try {
    googleUrl = `http://${LOOPBACK}:${await start(createHttpServer(listenGoogle), options.googlePort)}`;
    const cloudflareRoot = `http://${LOOPBACK}:${await start(
      createHttpServer(listenerOf(cloudflare, log, controlToken, now)),
      options.cloudflarePort,
    )}`;
    const tlsPort =
      options.tls && (await start(createHttpsServer(options.tls, listenGoogle), options.tls.port));
    const states = { google: file.part("google").state, cloudflare: file.part("cloudflare").state };
    dns = await startDns(states, LOOPBACK, options.dnsPort);
    await google.republish();
    await cloudflare.republish();
    return {
      googleUrl,
      cloudflareUrl: `${cloudflareRoot}/client/v4`,
      dnsServer: dns.address,
      control: {
        google: `${googleUrl}${CONTROL_PREFIX}`,
        cloudflare: `${cloudflareRoot}${CONTROL_PREFIX}`,
      },
      ...(tlsPort === undefined ? {} : { googleTlsUrl: `https://${LOOPBACK}:${tlsPort}` }),
      googleAdminToken,
      cloudflareAdminToken,
      cloudflareAdminKey,
      controlToken,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function listenerOf(
  { api, control }: Emulator,
  log: (line: string) => void,
  controlToken: string,
  now: () => number,
): RequestListener {
  const calls = new CallList();
  const faults = new FaultList();
  const routes = controlRoutes(control, calls, faults);
  return apiListener(api, { control: routes, calls, faults, log, controlToken, now });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
