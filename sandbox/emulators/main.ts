/**
 * Runs the emulators as a process: prints one line of JSON with their addresses when they are ready, and ends on
 * SIGTERM or SIGINT.
 *
 * The operator's tokens and the token of the control APIs come from the environment (GOOGLE_ADMIN_TOKEN,
 * CLOUDFLARE_ADMIN_TOKEN, CLOUDFLARE_ADMIN_KEY, CONTROL_TOKEN), where `ps` does not show them. A missing token is
 * generated and added to the printed line.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type EmulatorOptions, startEmulators } from "./server.ts";

const USAGE = `usage: node main.ts [--google-port N] [--cloudflare-port N] [--dns-port N] [--state FILE] [--log FILE]
  [--challtestsrv URL] [--universe-domain DOMAIN] [--tls-cert FILE --tls-key FILE [--tls-port N]]`;

function readOptions(): EmulatorOptions {
  const { values } = parseArgs({
    options: {
      "google-port": { type: "string" },
      "cloudflare-port": { type: "string" },
      "dns-port": { type: "string" },
      state: { type: "string" },
      log: { type: "string" },
      challtestsrv: { type: "string" },
      "universe-domain": { type: "string" },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      "tls-port": { type: "string" },
    },
  });
  const {
    GOOGLE_ADMIN_TOKEN: googleAdminToken,
    CLOUDFLARE_ADMIN_TOKEN: cloudflareAdminToken,
    CLOUDFLARE_ADMIN_KEY: cloudflareAdminKey,
    CONTROL_TOKEN: controlToken,
  } = process.env;
  const { log, "tls-cert": cert, "tls-key": key } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error("--tls-cert and --tls-key must be set together");
  }
  return given({
    googlePort: port(values["google-port"]),
    cloudflarePort: port(values["cloudflare-port"]),
    dnsPort: port(values["dns-port"]),
    googleAdminToken,
    cloudflareAdminToken,
    cloudflareAdminKey,
    controlToken,
    stateFile: values.state,
    challtestsrv: values.challtestsrv,
    universeDomain: values["universe-domain"],
    log:
      log === undefined
        ? undefined
        : (line: string) => {
            appendFileSync(log, `${line}\n`);
          },
    tls:
      cert === undefined || key === undefined
        ? undefined
        : {
            cert: readFileSync(cert, "utf8"),
            key: readFileSync(key, "utf8"),
            port: port(values["tls-port"]) ?? 0,
          },
  });
}

function port(text: string | undefined): number | undefined {
  if (text !== undefined && !(/^\d+$/.test(text) && Number(text) < 65536)) {
    throw new Error(`${text} is not a port`);
  }
  return text === undefined ? undefined : Number(text);
}

/** The options that were given. */
function given(options: { [Name in keyof EmulatorOptions]: EmulatorOptions[Name] | undefined }) {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as EmulatorOptions;
}

async function main(): Promise<void> {
  const options = readOptions();
  const {
    close,
    googleAdminToken,
    cloudflareAdminToken,
    cloudflareAdminKey,
    controlToken,
    ...addresses
  } = await startEmulators(options);
  const made = {
    ...(options.googleAdminToken === undefined ? { googleAdminToken } : {}),
    ...(options.cloudflareAdminToken === undefined ? { cloudflareAdminToken } : {}),
    ...(options.cloudflareAdminKey === undefined ? { cloudflareAdminKey } : {}),
    ...(options.controlToken === undefined ? { controlToken } : {}),
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void close());
  }
  process.stdout.write(`${JSON.stringify({ ...addresses, ...made })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 1;
});
