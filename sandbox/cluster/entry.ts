/**
 * The part of the sandbox that emulates the cluster's entry and the provider behind it: it accepts the routes to the
 * provider as the controllers of Gateway and Ingress do, serves HTTP on port 80, and serves the certificates in the
 * home volumes on port 8443.
 *
 * Usage: node entry.ts <sandbox's folder> <kubeconfig> <certificate> <key> <port 80> <port 8443> <port of the
 * challenge>
 */
import { globSync, readFileSync, statSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { V1Ingress, V1IngressClass, V1ObjectMeta } from "@kubernetes/client-node";
import { Api } from "./api.ts";
import { withEachChange } from "./changes.ts";
import { messageOf } from "../../lib/errors.ts";
import { homeVolumes } from "./homeVolumes.ts";
import { loopback } from "../processes/ports.ts";
import { acceptance, isFor, type Route } from "./routes.ts";

/** The controller of the sandbox's IngressClass (objects.ts). */
const ingressController = "k8s.io/ingress-nginx";
const gatewayApi = "/apis/gateway.networking.k8s.io/v1";
const networking = "/apis/networking.k8s.io/v1";
const watched = [
  `${gatewayApi}/gateways`,
  `${gatewayApi}/httproutes`,
  `${networking}/ingresses`,
  `${networking}/ingressclasses`,
];

/** The routes in the cluster. */
class Routes {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async knows(host: string): Promise<boolean> {
    const routes = await this.#api.list<Route>(`${gatewayApi}/httproutes`);
    const ingresses = await this.#api.list<Route>(`${networking}/ingresses`);
    return [...routes, ...ingresses].some((route) => isFor(route, host));
  }

  async accept(): Promise<void> {
    const gateways = await this.#api.list<{ metadata?: V1ObjectMeta }>(`${gatewayApi}/gateways`);
    const names = new Set(
      gateways.map(({ metadata: at }) => `${at?.namespace ?? ""}/${at?.name ?? ""}`),
    );
    for (const route of await this.#api.list<Route>(`${gatewayApi}/httproutes`)) {
      const parents = acceptance(route, names);
      if (parents !== undefined) {
        await this.#replaceStatus(`${gatewayApi}/${pathOf("httproutes", route)}`, route, {
          parents,
        });
      }
    }
    const classes = (await this.#api.list<V1IngressClass>(`${networking}/ingressclasses`))
      .filter(({ spec }) => spec?.controller === ingressController)
      .map(({ metadata }) => metadata?.name);
    for (const ingress of await this.#api.list<V1Ingress>(`${networking}/ingresses`)) {
      if (
        classes.includes(ingress.spec?.ingressClassName) &&
        ingress.status?.loadBalancer?.ingress === undefined
      ) {
        await this.#replaceStatus(`${networking}/${pathOf("ingresses", ingress)}`, ingress, {
          loadBalancer: { ingress: [{ ip: loopback }] },
        });
      }
    }
  }

  #replaceStatus(path: string, object: object, status: object): Promise<void> {
    return this.#api.replace(`${path}/status`, { ...object, status });
  }
}

function pathOf(plural: string, { metadata }: { readonly metadata?: V1ObjectMeta }): string {
  return `namespaces/${metadata?.namespace ?? ""}/${plural}/${metadata?.name ?? ""}`;
}

/** Forwards a request to the provider, which listens only during a challenge. */
async function answer(
  routes: Routes,
  provider: number,
  asked: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // An interrupted response already has its status.
  const end = (status: number) =>
    response.headersSent ? response.end() : response.writeHead(status).end();
  const { url = "/", headers } = asked;
  const [host = ""] = (headers.host ?? "").split(":");
  if (!(await routes.knows(host))) {
    end(404);
    return;
  }
  request({ host: loopback, port: provider, path: url, headers: { host }, agent: false })
    .on("response", (answered) => {
      response.writeHead(answered.statusCode ?? 502);
      answered.pipe(response);
    })
    .on("error", () => end(503))
    .end();
}

/** The newest certificate for a host in the home volumes of this sandbox's providers, looked up for each connection. */
function newestCertificate(directory: string, host: string) {
  const files = /^[a-z\d.-]+$/.test(host)
    ? globSync(
        join(homeVolumes(directory, "*"), "*", ".certissuer", "*", "certificates", `${host}.crt`),
      )
    : [];
  const [newest] = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return newest === undefined
    ? undefined
    : createSecureContext({
        cert: readFileSync(newest, "utf8"),
        key: readFileSync(newest.replace(/crt$/, "key"), "utf8"),
      });
}

function main(
  directory: string,
  kubeconfig: string,
  certificate: string,
  key: string,
  ports: readonly number[],
): Promise<never> {
  const [http, api, challenge = 0] = ports;
  const apiServer = new Api(kubeconfig);
  const routes = new Routes(apiServer);
  createServer((asked, response) => {
    answer(routes, challenge, asked, response).catch((error: unknown) => {
      response.writeHead(500).end(messageOf(error));
    });
  }).listen(http, loopback);

  // For a client that sends no host name, or another one, the provider serves its certificate from the chain.
  createHttpsServer(
    {
      cert: readFileSync(certificate),
      key: readFileSync(key),
      SNICallback: (host, done) => {
        try {
          done(null, newestCertificate(directory, host));
        } catch (error) {
          // The issuer is writing the file at this moment.
          done(error as Error);
        }
      },
    },
    // The provider's own responses would need a chain.
    (_asked, response) => response.writeHead(404).end(),
  )
    .on("tlsClientError", () => undefined)
    .listen(api, loopback);

  // The process is ended with a signal, which would leave no time for this.
  flushCompileCache();
  return withEachChange(apiServer, watched, () => routes.accept());
}

const [directory, kubeconfig, certificate, key, ...ports] = process.argv.slice(2);
if (
  directory === undefined ||
  kubeconfig === undefined ||
  certificate === undefined ||
  key === undefined ||
  ports.length !== 3
) {
  process.stderr.write(
    "Usage: node entry.ts <folder> <kubeconfig> <certificate> <key> <port 80> <port 8443> <port of the challenge>\n",
  );
  process.exit(2);
}
await main(directory, kubeconfig, certificate, key, ports.map(Number));
