/**
 * Bundles the Kubernetes client's files into one, which loads in a fifth of the time: lib/kubernetesClient.ts uses it if it
 * exists. bootstrap.mjs runs this if the bundle is outdated; npm runs it after an installation (package.json, `prepare`) unless
 * scripts are off, as in this project (.npmrc). Plain JavaScript for any Node from 16 on, which does nothing without the
 * bundler (`npm ci --omit=dev`).
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(project, "node_modules", ".cache");
const parts = join(project, "lib", "kubernetesClientParts.ts");

/** The bundle's path, which differs for each version of its sources; lib/kubernetesClient.ts computes the same path. */
function bundleFile() {
  const hash = createHash("sha256");
  for (const file of [
    join(project, "node_modules", "@kubernetes", "client-node", "package.json"),
    parts,
    fileURLToPath(import.meta.url),
  ]) {
    hash.update(readFileSync(file));
  }
  return join(cache, `kubernetes-client-${hash.digest("hex").slice(0, 16)}.cjs`);
}

/** Whether the bundle must be created. */
export function isBundleDue() {
  return existsSync(join(project, "node_modules", "esbuild")) && !existsSync(bundleFile());
}

async function makeBundle() {
  const { build } = await import("esbuild");
  const file = bundleFile();
  mkdirSync(cache, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await build({
    absWorkingDir: project,
    entryPoints: [parts],
    outfile: unfinished,
    bundle: true,
    platform: "node",
    target: "node22",
    // Node reads CommonJS in less time than an ES module.
    format: "cjs",
    // Keeps names, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the whole source line of an uncaught error.
    lineLimit: 200,
    legalComments: "none",
    logLevel: "silent",
  });
  renameSync(unfinished, file);
  for (const name of readdirSync(cache)) {
    if (/^kubernetes-client-.*\.cjs$/.test(name) && name !== basename(file)) {
      rmSync(join(cache, name), { force: true });
    }
  }
}

const isMain = realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain && isBundleDue()) {
  try {
    await makeBundle();
  } catch (error) {
    // The bundle is optional.
    process.stderr.write(`The Kubernetes client is not bundled: ${error.message}\n`);
  }
}
