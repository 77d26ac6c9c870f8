"use strict";
/**
 * Node loads this file before a program of this project (Pulumi.yaml, `nodeargs`) and before each command (bootstrap.mjs):
 * it reports in one sentence what is missing on this machine, and makes the SDK load fast. Plain CommonJS that any Node from
 * 12 on parses, since Pulumi runs the Node that is first on PATH, and an older Node fails at newer syntax.
 */
const fs = require("fs");
const path = require("path");

const project = path.join(__dirname, "..");
/** The first Node that runs TypeScript directly; the same version as `engines` in package.json. */
const minimumNode = [22, 18];
/** The SDK's exit code for an error that is already printed (@pulumi/pulumi, cmd/run). */
const printedExitCode = 32;

const obstacle = unsuitableNode() || missingPackages();
if (obstacle !== undefined) {
  fs.writeSync(2, `${obstacle}\n`);
  process.exit(printedExitCode);
}
startFast();

/**
 * @returns {string | undefined} the message about a Node that cannot run the program
 */
function unsuitableNode() {
  const version = process.versions.node;
  const [major, minor] = version.split(".").map(Number);
  const isNew = major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1]);
  // It is false with an option of Node, in versions 23.0 to 23.5, and in a build of Node without it.
  if (isNew && process.features.typescript !== false) {
    return undefined;
  }
  const [option] =
    /--no[-_](experimental[-_])?strip[-_]types/.exec(process.env.NODE_OPTIONS || "") || [];
  if (isNew && option !== undefined) {
    return `NODE_OPTIONS contains ${option}, and the program needs Node to run TypeScript. Remove it, or all options: unset NODE_OPTIONS`;
  }
  const own = path.join(project, "node_modules", ".bin");
  const remedy = fs.existsSync(path.join(own, "node"))
    ? `Put the Node of the project's packages first on PATH: export PATH=${quoted(own)}:"$PATH"`
    : `Install ${isNew ? "another" : "a newer one"} from https://nodejs.org, or the one in the project's packages: npm ci --prefix ${quoted(project)}`;
  const problem = isNew
    ? "does not run TypeScript: the program needs a Node that does"
    : `too old: the program needs Node ${minimumNode.join(".")} or later`;
  return `Node ${version} (${process.execPath}) is first on PATH, and ${problem}. ${remedy}`;
}

/**
 * Missing packages, and packages from another version of the project, as after a `git pull`.
 *
 * @returns {string | undefined} the message about them
 */
function missingPackages() {
  const { dependencies = {} } = readJson(path.join(project, "package.json"));
  const differing = Object.keys(dependencies).filter((name) => {
    const { version } = readJson(path.join(project, "node_modules", name, "package.json"));
    // A range instead of a version permits every installed version.
    return (
      version === undefined || (/^\d/.test(dependencies[name]) && version !== dependencies[name])
    );
  });
  return differing.length === 0
    ? undefined
    : `The installed packages do not match the project's package.json (${differing.join(", ")}): npm ci --prefix ${quoted(project)}`;
}

/**
 * @param {string} file
 * @returns {{ version?: string, dependencies?: Record<string, string> }} its content; empty where it cannot be read
 */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

/**
 * @param {string} text
 * @returns {string} the text as one word of a shell
 */
function quoted(text) {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

function startFast() {
  const { createRequire, enableCompileCache } = require("module");
  // Not in the default folder for temporary files: anyone who can write to the cache can run code.
  enableCompileCache(path.join(project, "node_modules/.cache/compiled"));

  // gRPC for Node does not support SOCKS proxies, and warns at each connection. The program's connections are local.
  if (["http_proxy", "https_proxy"].some((name) => /^socks/i.test(process.env[name] || ""))) {
    process.env.GRPC_NODE_VERBOSITY = process.env.GRPC_NODE_VERBOSITY || "NONE";
  }

  const requireOfSdk = createRequire(require.resolve("@pulumi/pulumi"));

  // The SDK uses these to serialize functions into dynamic providers (@pulumi/pulumi, runtime/closure). There are none here,
  // and loading them takes longer than the rest of the SDK.
  replace("typescript", lazyModule);
  replace(
    "normalize-package-data",
    (load) =>
      (...args) =>
        load()(...args),
  );
  replace("@npmcli/arborist", (load) => lazyMembers(load, ["Arborist"]));
  // It attaches the inspector to each parsed script, and sets a V8 flag, with which V8 rejects code that was compiled before
  // (the compile cache) or elsewhere.
  replace("./runtime/closure/v8Hooks.js", (load) => ({
    ...lazyMembers(load, ["getSessionAsync", "getScriptUrl"]),
    // Called at the start of each program; users of the session await it themselves.
    isInitializedAsync: () => Promise.resolve(),
  }));

  // It reads the SDK's source maps at the first stack trace, and the SDK creates one for each resource and promise. The
  // project's sources have no source maps, since Node's type stripping keeps their lines.
  replace("source-map-support/register", () => ({}));

  // The program runs no other Pulumi programs.
  replace("./automation/index.js", lazyModule);

  // These variables enable the SDK's tracing (@pulumi/pulumi, cmd/run: instrumentation.js, and `tracingIsEnabled` in run.js).
  if (!process.env.TRACEPARENT && !process.env.PULUMI_EXPERIMENTAL) {
    replace("@opentelemetry/resources", (load) =>
      lazyMembers(load, ["defaultResource", "resourceFromAttributes"]),
    );
    replace("@opentelemetry/sdk-trace-base", (load) => lazyMembers(load, ["SimpleSpanProcessor"]));
    replace("@opentelemetry/exporter-zipkin", (load) => lazyMembers(load, ["ZipkinExporter"]));
    replace("@opentelemetry/sdk-trace-node", (load) => lazyMembers(load, ["NodeTracerProvider"]));
    replace("@opentelemetry/instrumentation", (load) =>
      lazyMembers(load, ["registerInstrumentations"]),
    );
    replace("@opentelemetry/instrumentation-grpc", (load) =>
      lazyMembers(load, ["GrpcInstrumentation"]),
    );
  }

  /**
   * Replaces a package with a placeholder that loads the package when it is used.
   *
   * @param {string} name the package, or a file of the SDK
   * @param {(load: () => any) => unknown} placeholder creates the placeholder
   */
  function replace(name, placeholder) {
    const file = resolve(name);
    if (file === undefined) {
      return;
    }
    let loaded;
    const load = () => {
      if (loaded === undefined) {
        delete requireOfSdk.cache[file];
        loaded = requireOfSdk(file);
      }
      return loaded;
    };
    requireOfSdk.cache[file] = { exports: placeholder(load), loaded: true };
  }

  /**
   * @param {() => any} load the package
   * @returns {object} a placeholder that loads the package when a member is read
   */
  function lazyModule(load) {
    // With this mark the SDK does not copy each member (`__importStar`).
    return new Proxy({}, { get: (_, name) => name === "__esModule" || load()[name] });
  }

  /**
   * @param {() => any} load the package
   * @param {string[]} names its functions and classes that the SDK copies immediately, and uses later
   * @returns {Record<string, Function>} placeholders that load the package when one of them is called or constructed
   */
  function lazyMembers(load, names) {
    const members = {};
    for (const name of names) {
      members[name] = function (...args) {
        return new.target === undefined ? load()[name](...args) : new (load()[name])(...args);
      };
    }
    return members;
  }

  /**
   * @param {string} name a package, or a file of the SDK
   * @returns {string | undefined} its file; undefined where it is not installed, and the SDK does not need it
   */
  function resolve(name) {
    try {
      return requireOfSdk.resolve(name);
    } catch {
      return undefined;
    }
  }
}
