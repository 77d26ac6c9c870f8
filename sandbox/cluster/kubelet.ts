import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { CoreV1Api, KubeConfig } from "../../lib/kubernetesClient.ts";
import { messageOf } from "../../lib/errors.ts";
import { remove, temporaryDirectory } from "../../lib/files.ts";
import { loopback } from "../processes/ports.ts";
import type { Reporter } from "../processes/progress.ts";
import { createSelfSigned } from "./certificates.ts";
import { runInContainer, type ContainerResult } from "./container.ts";
import { homeVolumes } from "./homeVolumes.ts";
import { issueCertificate, type CertificateReport, type IssuerTarget } from "./issuer.ts";
import type { Sandbox } from "./sandbox.ts";

/** A start of the provider's container, and the result of its issuer. */
export interface ContainerStart {
  /** Time of the start, in seconds after the first. */
  readonly at: number;
  /** The output of the failed liveness probe before the start. Absent for the first start. */
  readonly reason?: string;
  readonly outcome: CertificateReport | { readonly failure: string };
}

/**
 * Emulates the kubelet for the container of one provider, limited to the liveness probe: runs the probe's command of
 * the deployed pod, in the pod's environment and with its files, and restarts the container when the probe fails. A
 * start runs the issuer. The caller controls the time.
 */
export class Kubelet {
  /** All starts, in order. */
  readonly starts: ContainerStart[] = [];
  readonly #sandbox: Sandbox;
  readonly #target: Required<Pick<IssuerTarget, "namespace" | "statefulSet">> & IssuerTarget;
  readonly #reporter: Reporter;
  readonly #core: CoreV1Api;
  readonly #api: Http2SecureServer;
  readonly #files: string;

  private constructor(
    sandbox: Sandbox,
    target: Required<Pick<IssuerTarget, "namespace" | "statefulSet">> & IssuerTarget,
    reporter: Reporter,
    chain: { readonly certificate: string; readonly key: string },
  ) {
    this.#sandbox = sandbox;
    this.#target = target;
    this.#reporter = reporter;
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfig);
    this.#core = config.makeApiClient(CoreV1Api);
    this.#files = temporaryDirectory();
    mkdirSync(join(this.#files, "config"));
    writeFileSync(join(this.#files, "config", "provider.pem"), chain.certificate);
    // The chart's own checks request the API's /status and check for gRPC.
    const { certificate: cert, key } = chain;
    this.#api = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
      const grpc = request.httpVersionMajor === 2;
      response.writeHead(200, { "content-type": grpc ? "application/grpc" : "application/json" });
      response.end();
    });
  }

  /** Starts the container for the first time, at 0. */
  static async start(
    sandbox: Sandbox,
    { namespace, statefulSet = "akash-provider", ...more }: IssuerTarget,
    reporter: Reporter,
  ): Promise<Kubelet> {
    const chain = await createSelfSigned("akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu");
    const kubelet = new Kubelet(sandbox, { namespace, statefulSet, ...more }, reporter, chain);
    kubelet.#api.listen(0, loopback);
    await once(kubelet.#api, "listening");
    await kubelet.#startContainer(0);
    return kubelet;
  }

  /** Stops everything that it has started. */
  close(): void {
    this.#api.close();
    remove(this.#files);
  }

  /**
   * Runs the liveness probe if it is due at that time, and restarts the container when the probe fails.
   *
   * @param at in seconds after the first start
   * @returns undefined before the probe's initial delay
   */
  async probe(at: number): Promise<ContainerResult | undefined> {
    const { namespace, statefulSet } = this.#target;
    const pod = await this.#core.readNamespacedPod({ namespace, name: `${statefulSet}-0` });
    const container = pod.spec?.containers[0];
    const { exec, initialDelaySeconds = 0, timeoutSeconds = 1 } = container?.livenessProbe ?? {};
    const age = at - (this.starts.at(-1)?.at ?? 0);
    if (container === undefined || exec?.command === undefined || age < initialDelaySeconds) {
      return undefined;
    }
    const result = await runInContainer({
      command: exec.command,
      environment: await this.#environment(container),
      mounts: await this.#mounts(pod, container),
      age,
      programs: { curl: this.#curl() },
      timeout: timeoutSeconds,
    });
    if (result.code !== 0) {
      await this.#startContainer(at, result.output);
    }
    return result;
  }

  async #startContainer(at: number, reason?: string): Promise<void> {
    const outcome = await issueCertificate(this.#sandbox, this.#target, this.#reporter).catch(
      (error: unknown) => ({ failure: messageOf(error) }),
    );
    this.starts.push({ at, ...(reason !== undefined && { reason }), outcome });
  }

  /** The image's curl, with the provider's ports mapped to those of this process. */
  #curl(): string {
    const { port } = this.#api.address() as AddressInfo;
    const ports = [8443, 8444].map(
      (asked) => `--connect-to ${loopback}:${asked}:${loopback}:${port}`,
    );
    return `#!/bin/bash\nexec /usr/bin/curl ${ports.join(" ")} "$@"\n`;
  }

  async #environment(container: V1Container): Promise<Record<string, string>> {
    const { namespace } = this.#target;
    const environment: Record<string, string> = {};
    for (const { configMapRef } of container.envFrom ?? []) {
      Object.assign(environment, await this.#configMap(configMapRef?.name));
    }
    for (const { name, value, valueFrom } of container.env ?? []) {
      const { configMapKeyRef: entry, secretKeyRef: secret } = valueFrom ?? {};
      if (secret !== undefined) {
        const { data } = await this.#core.readNamespacedSecret({
          namespace,
          name: secret.name ?? "",
        });
        environment[name] = Buffer.from(data?.[secret.key] ?? "", "base64").toString();
      } else {
        environment[name] =
          entry === undefined
            ? (value ?? "")
            : ((await this.#configMap(entry.name))[entry.key] ?? "");
      }
    }
    return environment;
  }

  /** The folders of the container that the probe reads, without those of Secrets. */
  async #mounts(pod: V1Pod, container: V1Container): Promise<Record<string, string>> {
    const { namespace, statefulSet } = this.#target;
    const mounts: Record<string, string> = {};
    for (const { name, mountPath } of container.volumeMounts ?? []) {
      const volume = pod.spec?.volumes?.find((each) => each.name === name);
      if (volume?.configMap !== undefined) {
        const folder = join(this.#files, name);
        mkdirSync(folder, { recursive: true });
        const data = await this.#configMap(volume.configMap.name);
        for (const [file, text] of Object.entries(data)) {
          writeFileSync(join(folder, file), text);
          chmodSync(join(folder, file), volume.configMap.defaultMode ?? 0o644);
        }
        mounts[mountPath] = folder;
      } else if (volume?.persistentVolumeClaim !== undefined) {
        mounts[mountPath] = join(homeVolumes(this.#sandbox.directory, namespace), statefulSet);
      } else if (volume?.hostPath !== undefined) {
        mounts[mountPath] = join(this.#files, "config");
      }
    }
    return mounts;
  }

  async #configMap(name = ""): Promise<Record<string, string>> {
    const { namespace } = this.#target;
    return (await this.#core.readNamespacedConfigMap({ namespace, name })).data ?? {};
  }
}
