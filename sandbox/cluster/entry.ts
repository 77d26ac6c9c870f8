/**
 * The part of the sandbox that plays the cluster's entry and the provider behind it: it accepts the routes to the
 * provider as the controllers of Gateway and Ingress do, answers on port 80, and serves the certificates of the home
 * volumes on port 8443.
 *
 * Usage: node entry.ts <sandbox's folder> <kubeconfig> <port 80> <port 8443> <port of the challenge>
 */
import { globSync, readFileSync, statSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { CustomObjectsApi, KubeConfig, NetworkingV1Api } from "../../lib/kubernetesClient.ts";
import { withEachChange } from "./changes.ts";
import { createSelfSigned } from "./certificates.ts";
import { messageOf } from "../../lib/errors.ts";
import { homeVolumes } from "./issuer.ts";
import { loopback } from "../processes/ports.ts";
import { acceptance, isFor, type Route } from "./routes.ts";

/** The controller of the class that the sandbox has for Ingresses (objects.ts). */
const ingressController = "k8s.io/ingress-nginx";
const gatewayApi = { group: "gateway.networking.k8s.io", version: "v1" } as const;
const watched = [
  `/apis/${gatewayApi.group}/${gatewayApi.version}/gateways`,
  `/apis/${gatewayApi.group}/${gatewayApi.version}/httproutes`,
  "/apis/networking.k8s.io/v1/ingresses",
  "/apis/networking.k8s.io/v1/ingressclasses",
];

interface List {
  readonly items: readonly Route[];
}

/** The routes in the cluster. */
class Routes {
  readonly #custom: CustomObjectsApi;
  readonly #networking: NetworkingV1Api;

  constructor(config: KubeConfig) {
    this.#custom = config.makeApiClient(CustomObjectsApi);
    this.#networking = config.makeApiClient(NetworkingV1Api);
  }

  async knows(host: string): Promise<boolean> {
    const { items } = await this.#networking.listIngressForAllNamespaces();
    return [...(await this.#list("httproutes")).items, ...(items as Route[])].some((route) =>
      isFor(route, host),
    );
  }

  async accept(): Promise<void> {
    const gateways = (await this.#list("gateways")).items.map(({ metadata }) => metadata);
    const names = new Set(gateways.map((at) => `${at?.namespace ?? ""}/${at?.name ?? ""}`));
    for (const route of (await this.#list("httproutes")).items) {
      const parents = acceptance(route, names);
      if (parents !== undefined) {
        await this.#custom.replaceNamespacedCustomObjectStatus({
          ...gatewayApi,
          plural: "httproutes",
          namespace: route.metadata?.namespace ?? "",
          name: route.metadata?.name ?? "",
          body: { ...route, status: { parents } },
        });
      }
    }
    const classes = (await this.#networking.listIngressClass()).items
      .filter(({ spec }) => spec?.controller === ingressController)
      .map(({ metadata }) => metadata?.name);
    for (const ingress of (await this.#networking.listIngressForAllNamespaces()).items) {
      if (
        classes.includes(ingress.spec?.ingressClassName) &&
        ingress.status?.loadBalancer?.ingress === undefined
      ) {
        await this.#networking.replaceNamespacedIngressStatus({
          namespace: ingress.metadata?.namespace ?? "",
          name: ingress.metadata?.name ?? "",
          body: { ...ingress, status: { loadBalancer: { ingress: [{ ip: loopback }] } } },
        });
      }
    }
  }

  #list(plural: string): Promise<List> {
    return this.#custom.listClusterCustomObject({ ...gatewayApi, plural }) as Promise<List>;
  }
}

/** Hands a request to the provider, which listens during a challenge only. */
async function answer(
  routes: Routes,
  provider: number,
  asked: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // What breaks off on the way has its status already.
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

/** The newest certificate that the providers of this sandbox hold for a host, looked up anew for each connection. */
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

async function main(
  directory: string,
  kubeconfig: string,
  ports: readonly number[],
): Promise<never> {
  const [http, api, challenge = 0] = ports;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const routes = new Routes(config);
  createServer((asked, response) => {
    answer(routes, challenge, asked, response).catch((error: unknown) => {
      response.writeHead(500).end(messageOf(error));
    });
  }).listen(http, loopback);

  // What the provider serves to who names no host, or another: the certificate of the chain, of its own signature.
  const chain = await createSelfSigned("akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu");
  createHttpsServer(
    {
      cert: chain.certificate,
      key: chain.key,
      SNICallback: (host, done) => {
        try {
          done(null, newestCertificate(directory, host));
        } catch (error) {
          // The issuer is writing it just now.
          done(error as Error);
        }
      },
    },
    // The provider's own answers take a chain.
    (_asked, response) => response.writeHead(404).end(),
  )
    .on("tlsClientError", () => undefined)
    .listen(api, loopback);

  return withEachChange(config, watched, () => routes.accept());
}

const [directory, kubeconfig, ...ports] = process.argv.slice(2);
if (directory === undefined || kubeconfig === undefined || ports.length !== 3) {
  process.stderr.write(
    "Usage: node entry.ts <folder> <kubeconfig> <port 80> <port 8443> <port of the challenge>\n",
  );
  process.exit(2);
}
await main(directory, kubeconfig, ports.map(Number));
