/**
 * The part of the sandbox that emulates the Gateways' listeners on port 443: for each connection, it serves the host
 * with the certificate in the Secret that a listener for the host references.
 *
 * Usage: node wildcardServer.ts <kubeconfig> <port>
 */
import { createServer } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { loopback } from "../processes/ports.ts";
import { Api } from "./api.ts";

interface Gateway {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly listeners: readonly {
      readonly hostname?: string;
      readonly tls?: {
        readonly certificateRefs?: readonly {
          readonly name: string;
          readonly namespace?: string;
        }[];
      };
    }[];
  };
}

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
}

const [kubeconfig, port] = process.argv.slice(2);
if (kubeconfig === undefined || port === undefined) {
  process.stderr.write("Usage: node wildcardServer.ts <kubeconfig> <port>\n");
  process.exit(2);
}
const api = new Api(kubeconfig);

/** A wildcard matches hosts with one more label (RFC 9525, section 6.3). */
function isFor(hostname: string | undefined, host: string): boolean {
  return (
    hostname !== undefined &&
    (hostname === host ||
      (hostname.startsWith("*.") && hostname.slice(1) === host.replace(/^[^.]+/, "")))
  );
}

async function certificateFor(host: string): Promise<SecureContext | undefined> {
  const gateways = await api.list<Gateway>("/apis/gateway.networking.k8s.io/v1/gateways");
  for (const { metadata, spec } of gateways) {
    for (const { hostname, tls } of spec.listeners) {
      const [reference] = tls?.certificateRefs ?? [];
      if (reference !== undefined && isFor(hostname, host)) {
        const namespace = reference.namespace ?? metadata.namespace;
        const { data } = await api.read<Secret>(
          `/api/v1/namespaces/${namespace}/secrets/${reference.name}`,
        );
        const entry = (name: string) => Buffer.from(data?.[name] ?? "", "base64").toString();
        return createSecureContext({ cert: entry("tls.crt"), key: entry("tls.key") });
      }
    }
  }
  return undefined;
}

createServer(
  {
    SNICallback: (host, done) => {
      certificateFor(host).then(
        (context) => {
          done(null, context);
        },
        (error: unknown) => {
          done(error as Error);
        },
      );
    },
  },
  // There is no tenant.
  (_asked, response) => response.writeHead(404).end(),
)
  .on("tlsClientError", () => undefined)
  .listen(Number(port), loopback);
