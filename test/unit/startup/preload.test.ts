import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** What an expression is worth after `preload.mjs`, in a process of its own, as JSON. */
async function evaluated(script: string): Promise<unknown> {
  const args = [
    ...["--import", "./startup/preload.mjs", "--input-type=module", "--eval"],
    `const value = await (async () => { ${script} })(); console.log(JSON.stringify(value));`,
  ];
  // With this variable a user has decided already where the cache is.
  const env = { ...process.env, NODE_COMPILE_CACHE: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout);
}

describe("the program's start", function () {
  this.timeout(30_000);

  it("loads nothing that it does not use", async () => {
    const loaded = (await evaluated(`
      await import("./index.ts");
      const { createRequire } = await import("node:module");
      return Object.keys(createRequire(import.meta.url).cache);
    `)) as string[];
    assert(loaded.some((file) => file.endsWith("@pulumi/kubernetes/helm/v3/release.js")));
    const heavy = [
      "@npmcli/arborist/lib/arborist/index.js",
      "@pulumi/gcp/index.js",
      "@pulumi/cloudflare/index.js",
      "@pulumi/kubernetes/index.js",
      "google-auth-library/build/src/index.js",
      "@kubernetes/client-node/dist/index.js",
    ];
    for (const file of heavy) {
      assert(!loaded.some((path) => path.endsWith(file)), file);
    }
  });

  it("keeps what is compiled where nobody else can write", async () => {
    const directory = (await evaluated(`
      const { getCompileCacheDir } = await import("node:module");
      return getCompileCacheDir();
    `)) as string;
    assert(
      directory.startsWith(join(import.meta.dirname, "../../../node_modules/.cache/")),
      directory,
    );
  });

  it("leaves the SDK able to serialize functions", async () => {
    const text = await evaluated(`
      const { runtime } = await import("@pulumi/pulumi");
      const summand = 40;
      return (await runtime.serializeFunction(() => summand + 2)).text;
    `);
    assert.match(String(text), /summand: 40/);
  });

  it("loads TypeScript once", async () => {
    const same = await evaluated(`
      const { default: typescript } = await import("typescript");
      return typescript.createSourceFile === typescript.createSourceFile;
    `);
    assert.equal(same, true);
  });
});
