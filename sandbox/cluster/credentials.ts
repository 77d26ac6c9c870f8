import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { acmeHost } from "./acmeHost.ts";
import {
  createAuthority,
  createSelfSigned,
  createSigningKeys,
  type KeyPair,
} from "./certificates.ts";
import { writeAtomically } from "../../lib/files.ts";
import type { TlsOptions } from "./http.ts";
import { loopback } from "../processes/ports.ts";

/** Paths of the certificates and keys of a sandbox, all PEM files. */
export interface Credentials {
  /** The authority that signed every certificate of the sandbox, the only one that servers and clients trust. */
  readonly ca: string;
  /** For the servers on this machine. */
  readonly server: { readonly certificate: string; readonly key: string };
  /** For a client with all permissions, a member of `system:masters` in Kubernetes. */
  readonly admin: { readonly certificate: string; readonly key: string };
  /** The provider's self-signed certificate, which it has on the chain. */
  readonly chain: { readonly certificate: string; readonly key: string };
  /** For service account tokens. */
  readonly serviceAccounts: { readonly publicKey: string; readonly privateKey: string };
}

/** The credentials of the sandbox in `directory`: those of an earlier start, or new ones. */
export async function ensureCredentials(directory: string): Promise<Credentials> {
  const file = (name: string) => join(directory, "certificates", name);
  const credentials: Credentials = {
    ca: file("ca.crt"),
    server: { certificate: file("server.crt"), key: file("server.key") },
    admin: { certificate: file("admin.crt"), key: file("admin.key") },
    chain: { certificate: file("chain.crt"), key: file("chain.key") },
    serviceAccounts: {
      publicKey: file("service-accounts.pub"),
      privateKey: file("service-accounts.key"),
    },
  };
  const writePair = (paths: { certificate: string; key: string }, pair: KeyPair) => {
    writeAtomically(paths.key, `${pair.key}\n`, 0o600);
    writeAtomically(paths.certificate, `${pair.certificate}\n`);
  };
  // An earlier version created this certificate at each start of the entry and did not store it here.
  if (!existsSync(credentials.chain.certificate)) {
    writePair(
      credentials.chain,
      await createSelfSigned("akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu"),
    );
  }
  // The authority is written last, so its file shows that all files are complete.
  if (existsSync(credentials.ca)) {
    return credentials;
  }
  const authority = await createAuthority("Akash provider sandbox");
  writePair(
    credentials.server,
    await authority.server("sandbox", [
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      acmeHost,
    ]),
  );
  writePair(credentials.admin, await authority.client("sandbox-admin", ["system:masters"]));
  const keys = createSigningKeys();
  writeAtomically(credentials.serviceAccounts.publicKey, keys.publicKey);
  writeAtomically(credentials.serviceAccounts.privateKey, keys.privateKey, 0o600);
  writeAtomically(credentials.ca, `${authority.certificate}\n`);
  return credentials;
}

/** The credentials as TLS options of a client with all permissions. */
export function adminTls(credentials: Credentials): Required<TlsOptions> {
  return {
    ca: readFileSync(credentials.ca, "utf8"),
    cert: readFileSync(credentials.admin.certificate, "utf8"),
    key: readFileSync(credentials.admin.key, "utf8"),
  };
}

/** Writes a self-contained kubeconfig for the API server at this port to `path`. */
export function writeKubeconfig(path: string, credentials: Credentials, port: number): void {
  const data = (file: string) => readFileSync(file).toString("base64");
  const name = "sandbox";
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: `https://${loopback}:${port}`,
          "certificate-authority-data": data(credentials.ca),
        },
      },
    ],
    users: [
      {
        name,
        user: {
          "client-certificate-data": data(credentials.admin.certificate),
          "client-key-data": data(credentials.admin.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  // JSON is YAML, so every Kubernetes client reads it.
  writeAtomically(path, `${JSON.stringify(kubeconfig, undefined, 2)}\n`, 0o600);
}
