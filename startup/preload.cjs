"use strict";
/**
 * What Node loads before a program of this project (Pulumi.yaml, `nodeargs`) and before each command (bootstrap.mjs): it
 * says in one sentence what this machine lacks, and makes the SDK load fast. Plain CommonJS that any Node from 12 on parses,
 * since Pulumi runs the Node that is first on PATH, and an older one dies at anything newer with a syntax error.
 */
const fs = require("fs");
const path = require("path");

const project = path.join(__dirname, "..");
/** The first Node that runs TypeScript as it is; `engines` in package.json says the same. */
const minimumNode = [22, 18];
/** By this exit code the SDK says that the error has been told (@pulumi/pulumi, cmd/run). */
const toldExitCode = 32;

const obstacle = oldNode() || missingPackages();
if (obstacle !== undefined) {
  fs.writeSync(2, `${obstacle}\n`);
  process.exit(toldExitCode);
}
startFast();

/**
 * @returns {string | undefined} what to do about a Node that cannot run the program
 */
function oldNode() {
  const version = process.versions.node;
  const [major, minor] = version.split(".").map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) {
    return undefined;
  }
  const own = path.join(project, "node_modules", ".bin");
  const remedy = fs.existsSync(path.join(own, "node"))
    ? `Put the one that is among the project's packages first: export PATH=${quoted(own)}:"$PATH"`
    : "Install a newer one from https://nodejs.org, or the one among the project's packages: npm ci";
  return `Node ${version} (${process.execPath}) is first on PATH, and too old: the program needs Node ${minimumNode.join(".")} or later. ${remedy}`;
}

/**
 * Packages that are absent, or that another version of the project has installed, which a `git pull` leaves behind.
 *
 * @returns {string | undefined} what to do about them
 */
function missingPackages() {
  const { dependencies = {} } = readJson(path.join(project, "package.json"));
  const differing = Object.keys(dependencies).filter((name) => {
    const { version } = readJson(path.join(project, "node_modules", name, "package.json"));
    // Whoever has put a range in the place of a version has chosen what fits.
    return (
      version === undefined || (/^\d/.test(dependencies[name]) && version !== dependencies[name])
    );
  });
  return differing.length === 0
    ? undefined
    : `The project's packages are not installed as package.json names them (${differing.join(", ")}): npm ci --prefix ${quoted(project)}`;
}

/**
 * @param {string} file
 * @returns {{ version?: string, dependencies?: Record<string, string> }} its content; nothing where it cannot be read
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
 * @returns {string} as one word of a shell
 */
function quoted(text) {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

function startFast() {
  const { createRequire, enableCompileCache } = require("module");
  // Not in the folder for temporary files, as by default: who can write to the cache can run code.
  enableCompileCache(path.join(project, "node_modules/.cache/compiled"));

  // gRPC for Node knows no SOCKS proxy and says so at each connection. The program's stay on this machine.
  if (["http_proxy", "https_proxy"].some((name) => /^socks/i.test(process.env[name] || ""))) {
    process.env.GRPC_NODE_VERBOSITY = process.env.GRPC_NODE_VERBOSITY || "NONE";
  }

  const requireOfSdk = createRequire(require.resolve("@pulumi/pulumi"));

  // With these the SDK serializes functions into dynamic providers (@pulumi/pulumi, runtime/closure). There are none here,
  // and to load them takes longer than all the rest of it.
  replace("typescript", lazyModule);
  replace(
    "normalize-package-data",
    (load) =>
      (...args) =>
        load()(...args),
  );
  replace("@npmcli/arborist", (load) => lazyMembers(load, ["Arborist"]));
  // It attaches the inspector to each script that is parsed, and sets a flag of V8's, by which V8 refuses what it has
  // compiled before (the compile cache) or elsewhere.
  replace("./runtime/closure/v8Hooks.js", (load) => ({
    ...lazyMembers(load, ["getSessionAsync", "getScriptUrl"]),
    // Asked at the start of each program; whatever uses the session awaits it by itself.
    isInitializedAsync: () => Promise.resolve(),
  }));

  // At the first stack trace, of which the SDK makes one for each resource and promise, it reads the SDK's source maps. Own
  // sources have none, since Node leaves their lines as they are when it strips the types.
  replace("source-map-support/register", () => ({}));

  // The program runs no other programs of Pulumi's.
  replace("./automation/index.js", lazyModule);

  // By these the SDK asks for tracing (@pulumi/pulumi, cmd/run: instrumentation.js, and `tracingIsEnabled` in run.js).
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
   * Puts something in the place of a package that loads the package when it is used.
   *
   * @param {string} name the package, or a file of the SDK's
   * @param {(load: () => any) => unknown} placeholder makes what takes its place
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
   * @returns {object} what loads it when something of it is read
   */
  function lazyModule(load) {
    // By the mark the SDK takes it as it is, where it would copy each member (`__importStar`).
    return new Proxy({}, { get: (_, name) => name === "__esModule" || load()[name] });
  }

  /**
   * @param {() => any} load the package
   * @param {string[]} names those of its functions and classes that the SDK copies at once, and uses later
   * @returns {Record<string, Function>} what loads it when one of them is called or made
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
   * @param {string} name a package, or a file of the SDK's
   * @returns {string | undefined} its file; none where it is not installed, and the SDK does without, too
   */
  function resolve(name) {
    try {
      return requireOfSdk.resolve(name);
    } catch {
      return undefined;
    }
  }
}
