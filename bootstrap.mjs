/**
 * Runs a script of this project: `node bootstrap.mjs <script.ts> [arguments]`. It first installs missing or outdated
 * packages, and then runs the script with the Node from these packages. Plain JavaScript for any Node from 16 on, since this
 * file runs before the installation.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const project = dirname(fileURLToPath(import.meta.url));
/** The first Node that runs TypeScript directly. */
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
 * Whether node_modules matches package-lock.json. npm writes its list of installed packages, node_modules/.package-lock.json,
 * at the very end, so an interrupted installation has none.
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
    // Optional packages are mostly for other platforms.
    return found === undefined
      ? optional === true
      : found.version === version && found.integrity === integrity;
  });
}

function install(directory) {
  process.stderr.write("Installing the packages of package-lock.json (npm ci) …\n");
  // npm sets this variable for its scripts; otherwise, use npm on PATH.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  // With NODE_ENV=production or npm_config_omit=dev, npm leaves out the packages of the commands.
  const { status, error } = spawnSync(command, [...args, "ci", "--include=dev"], {
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

/** Recreates the bundle from the installation, where its sources have changed since, as by a `git pull`. */
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

/** The Node for the script: the project's own, or this one if it is new enough. */
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
    `Node ${process.versions.node} is too old, and the project's packages have no Node for this platform: ` +
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
/** Adds the addresses of this machine to those without a proxy, in upper and lower case. */
function withoutProxyHere({ NO_PROXY, no_proxy, ...environment }) {
  const list = ["localhost", "127.0.0.1", "::1", NO_PROXY || no_proxy].filter(Boolean).join(",");
  return { ...environment, NO_PROXY: list, no_proxy: list };
}

/** With this preload, Pulumi's SDK loads in half of the time. */
const preload = join(project, "startup", "preload.cjs");
const nodeArgs = existsSync(preload) ? ["--require", preload] : [];

const child = spawn(findNode(project), [...nodeArgs, script, ...args], {
  stdio: "inherit",
  env: {
    // A fifth of a script's start is parsing TypeScript, which Node caches here. Not in the folder for temporary files: anyone
    // who can write to the cache can run code.
    NODE_COMPILE_CACHE: join(project, "node_modules/.cache/compiled"),
    ...withoutProxyHere(process.env),
  },
});
// The terminal also sends an interrupt to the script; a termination is sent only to this process.
process.on("SIGINT", () => undefined);
for (const signal of ["SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => fail(`${script} does not start: ${error.message}`));
child.on("exit", (code, signal) => {
  process.exit(signal === null ? code : 128 + constants.signals[signal]);
});
