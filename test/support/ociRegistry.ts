import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createAuthority, type Authority } from "../../sandbox/cluster/certificates.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/**
 * A registry on this machine that serves charts, over TLS as Helm requires
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md, https://helm.sh/docs/topics/registries).
 */
export class OciRegistry {
  /** The certificate of the authority that signed its own, as PEM. */
  readonly certificate: string;
  /** Such as `127.0.0.1:5000`. */
  readonly host: string;
  readonly #server: Server;
  readonly #contents: Map<string, Buffer>;
  readonly #tags: Map<string, string>;

  private constructor(
    server: Server,
    { certificate }: Authority,
    contents: Map<string, Buffer>,
    tags: Map<string, string>,
  ) {
    this.#server = server;
    this.#contents = contents;
    this.#tags = tags;
    this.certificate = certificate;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<OciRegistry> {
    const authority = await createAuthority("registry");
    const { certificate: cert, key } = await authority.server("registry");
    const contents = new Map<string, Buffer>();
    const tags = new Map<string, string>();
    const server = createServer({ cert, key }, ({ url = "", method }, response) => {
      const [, kind, reference = ""] = /^\/v2\/provider\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
      const digest = tags.get(reference) ?? reference;
      const content = kind === undefined ? undefined : contents.get(digest);
      response.statusCode = content === undefined && url !== "/v2/" ? 404 : 200;
      if (content !== undefined) {
        response.setHeader(
          "content-type",
          kind === "manifests" ? manifestType : "application/octet-stream",
        );
        response.setHeader("content-length", content.length);
        response.setHeader("docker-content-digest", digest);
      }
      response.end(method === "HEAD" ? undefined : content);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new OciRegistry(server, authority, contents, tags);
  }

  /**
   * Stores a chart's archive.
   *
   * @param tag the tag that points to it from now on. Default: none, only its digest
   * @returns the digest of its manifest
   */
  push(archive: Buffer, metadata: object, tag?: string): string {
    const config = this.#put(Buffer.from(JSON.stringify(metadata)));
    const layer = this.#put(archive);
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: "application/vnd.cncf.helm.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ...layer }],
    };
    const { digest } = this.#put(Buffer.from(JSON.stringify(manifest)));
    if (tag !== undefined) {
      this.#tags.set(tag, digest);
    }
    return digest;
  }

  /** Removes a tag; its manifest is kept. */
  untag(tag: string): void {
    this.#tags.delete(tag);
  }

  /** Serves another manifest in place of one, as a compromised registry would. */
  replace(digest: string, by: string): void {
    this.#contents.set(digest, this.#contents.get(by) ?? Buffer.of());
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #put(content: Buffer): { readonly digest: string; readonly size: number } {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    this.#contents.set(digest, content);
    return { digest, size: content.length };
  }
}
