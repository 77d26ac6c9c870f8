/**
 * Runs a script of this project: `node bootstrap.mjs <script.ts> [arguments]`. It installs the packages first
 * where that is due, and then runs the script with the Node that comes with them. Plain JavaScript for any Node
 * from 16 on, since it is the one file that runs before there is anything else.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const project = dirname(fileURLToPath(import.meta.url));
/** The first Node that runs TypeScript as it is. */
const minimumNode = [22, 18];

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes its own list of what it has installed,
 * node_modules/.package-lock.json, at the very end, so an installation that was killed half way has none.
 */
function isInstalled(directory) {
  const { packages: wanted = {} } = readJson(join(directory, "package-lock.json")) ?? {};
  const { packages: installed } =
    readJson(join(directory, "node_modules", ".package-lock.json")) ?? {};
  if (installed === undefined) {
    return false;
  }
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    // The empty path is the project itself.
    if (path === "") {
      return true;
    }
    const found = installed[path];
    // Optional packages are for other platforms, mostly.
    return found === undefined
      ? optional === true
      : found.version === version && found.integrity === integrity;
  });
}

function install(directory) {
  process.stderr.write("Installing the packages of package-lock.json (npm ci) …\n");
  // npm names itself to the scripts that it runs; run by hand, it is the one on PATH.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const { status, error } = spawnSync(command, [...args, "ci"], {
    cwd: directory,
    // Standard output belongs to the script.
    stdio: ["ignore", 2, 2],
  });
  if (error !== undefined) {
    fail(`npm does not run (${error.message}): install Node with npm from https://nodejs.org.`);
  }
  if (status !== 0) {
    fail("`npm ci` failed: see above, and run the command again.");
  }
}

/** Makes the bundle that is made at an installation, where what goes into it has changed since, as by a `git pull`. */
async function bundleWhereDue(directory) {
  const bundler = join(directory, "startup", "bundle.mjs");
  if (!existsSync(bundler)) {
    return;
  }
  const { isBundleDue } = await import(pathToFileURL(bundler).href);
  if (isBundleDue()) {
    spawnSync(findNode(directory), [bundler], { stdio: ["ignore", 2, 2] });
  }
}

/** The Node to run the script with: the project's own, or this one where it is new enough. */
function findNode(directory) {
  const own = join(directory, "node_modules", ".bin", "node");
  if (existsSync(own)) {
    return own;
  }
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) {
    return process.execPath;
  }
  return fail(
    `Node ${process.versions.node} is too old, and this platform has no Node among the project's packages: ` +
      `install Node ${minimumNode.join(".")} or later from https://nodejs.org.`,
  );
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  fail("Usage: node bootstrap.mjs <script.ts> [arguments]", 2);
}
if (!isInstalled(project)) {
  install(project);
}
await bundleWhereDue(project);
/** With the addresses of this machine among those that have no proxy, in the case that is read and in the other. */
function withoutProxyHere({ NO_PROXY, no_proxy, ...environment }) {
  const list = ["localhost", "127.0.0.1", "::1", NO_PROXY || no_proxy].filter(Boolean).join(",");
  return { ...environment, NO_PROXY: list, no_proxy: list };
}

/** Pulumi's SDK loads in half of the time after it. */
const preload = join(project, "startup", "preload.cjs");
const nodeArgs = existsSync(preload) ? ["--require", preload] : [];

const child = spawn(findNode(project), [...nodeArgs, script, ...args], {
  stdio: "inherit",
  env: {
    // A fifth of a script's start is reading TypeScript, which Node keeps here. Not in the folder for temporary files:
    // who can write to the cache can run code.
    NODE_COMPILE_CACHE: join(project, "node_modules/.cache/compiled"),
    ...withoutProxyHere(process.env),
  },
});
// The terminal sends an interrupt to the script as well; a termination is sent to this process alone.
process.on("SIGINT", () => undefined);
for (const signal of ["SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => fail(`${script} does not start: ${error.message}`));
child.on("exit", (code, signal) => {
  process.exit(signal === null ? code : 128 + constants.signals[signal]);
});
