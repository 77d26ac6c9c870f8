import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import * as ofPackage from "../../../lib/kubernetesClientParts.ts";

const isBundle = (file: string) => file.includes("/node_modules/.cache/");

describe("the Kubernetes client", function () {
  this.timeout(60_000);

  let checkout = "";
  beforeEach(() => {
    checkout = realpathSync(mkdtempSync(join(tmpdir(), "client-")));
    for (const file of [
      "lib/kubernetesClient.ts",
      "lib/kubernetesClientParts.ts",
      "startup/bundle.mjs",
    ]) {
      cpSync(file, join(checkout, file));
    }
    writeFileSync(join(checkout, "package.json"), JSON.stringify({ type: "module" }));
    install("@kubernetes");
  });
  afterEach(() => {
    rmSync(checkout, { recursive: true, force: true });
  });

  function install(name: string): void {
    mkdirSync(join(checkout, "node_modules"), { recursive: true });
    symlinkSync(resolve("node_modules", name), join(checkout, "node_modules", name));
  }

  function node(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: checkout,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  }

  const bundles = () => globSync("node_modules/.cache/*", { cwd: checkout });

  /** The exports of lib/kubernetesClient.ts in its own process, and the file that it loaded for them. */
  function loaded() {
    const output = node(
      "--input-type=module",
      "--eval",
      `
        import { createRequire } from "node:module";
        import { join } from "node:path";
        const client = await import(join(process.cwd(), "lib/kubernetesClient.ts"));
        const { ApiException, CoreV1Api, KubeConfig, ResponseContext, ServerConfiguration } = client;
        const { createConfiguration, wrapHttpLibrary } = client;
        const config = new KubeConfig();
        config.loadFromOptions({
          clusters: [{ name: "c", server: "https://127.0.0.1:9" }],
          contexts: [{ name: "c", cluster: "c", user: "u" }],
          users: [{ name: "u" }],
          currentContext: "c",
        });
        const answers = (status, body) =>
          new CoreV1Api(createConfiguration({
            baseServer: new ServerConfiguration("https://127.0.0.1:9", {}),
            authMethods: { default: config },
            httpApi: wrapHttpLibrary({
              send: async () =>
                new ResponseContext(status, { "content-type": "application/json" }, {
                  text: async () => JSON.stringify(body),
                  binary: async () => Buffer.from(JSON.stringify(body)),
                }),
            }),
          }));
        const pod = { namespace: "n", name: "p" };
        const { metadata } = await answers(200, {
          metadata: { creationTimestamp: "2026-01-02T03:04:05Z" },
        }).readNamespacedPod(pod);
        const error = await answers(404, {}).readNamespacedPod(pod).catch((error) => error);
        console.log(JSON.stringify({
          names: Object.keys(client),
          created: metadata.creationTimestamp instanceof Date && metadata.creationTimestamp,
          isApiException: error instanceof ApiException,
          code: error.code,
          files: Object.keys(createRequire(import.meta.url).cache),
        }));
      `,
    );
    return JSON.parse(output) as {
      readonly names: readonly string[];
      readonly created: string;
      readonly isApiException: boolean;
      readonly code: number;
      readonly files: readonly string[];
    };
  }

  function assertWhole({ names, created, isApiException, code }: ReturnType<typeof loaded>): void {
    assert.deepEqual(names, Object.keys(ofPackage));
    assert.equal(created, "2026-01-02T03:04:05.000Z");
    assert.equal(isApiException, true);
    assert.equal(code, 404);
  }

  it("is the bundle that an installation creates, once", () => {
    install("esbuild");
    assert.equal(node("startup/bundle.mjs"), "");
    const [bundle = ""] = bundles();
    assert.match(basename(bundle), /^kubernetes-client-\w{16}\.cjs$/);
    const content = readFileSync(join(checkout, bundle));
    const client = loaded();
    assertWhole(client);
    assert(client.files.includes(join(checkout, bundle)));
    assert.equal(node("startup/bundle.mjs"), "");
    assert.deepEqual(bundles(), [bundle]);
    assert.deepEqual(readFileSync(join(checkout, bundle)), content);
  });

  it("is not an outdated bundle, and is bundled again", () => {
    install("esbuild");
    node("startup/bundle.mjs");
    const before = bundles();
    appendFileSync(join(checkout, "lib/kubernetesClientParts.ts"), "// Changed.\n");
    const ofThePackage = loaded();
    assertWhole(ofThePackage);
    assert(!ofThePackage.files.some(isBundle));
    node("startup/bundle.mjs");
    assert.equal(bundles().length, 1);
    assert.notDeepEqual(bundles(), before);
  });

  it("is the package without a bundle, as without the bundler", () => {
    assert.equal(node("startup/bundle.mjs"), "");
    assert.deepEqual(bundles(), []);
    const client = loaded();
    assertWhole(client);
    assert(!client.files.some(isBundle));
  });
});
