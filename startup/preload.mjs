/**
 * What Node loads before a program of this project (Pulumi.yaml, `nodeargs`), so that the program starts fast.
 */
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";

// Not in the folder for temporary files, as by default: who can write to the cache can run code.
enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/compiled"));

// gRPC for Node knows no SOCKS proxy and says so at each connection. The program's stay on this machine.
if (["http_proxy", "https_proxy"].some((name) => /^socks/i.test(process.env[name] ?? ""))) {
  process.env.GRPC_NODE_VERBOSITY ??= "NONE";
}

const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));

// With these the SDK serializes functions into dynamic providers (@pulumi/pulumi, runtime/closure). There are none here,
// and to load them takes longer than all the rest of it.
replace("typescript", (load) => new Proxy({}, { get: (_, name) => load()[name] }));
replace(
  "normalize-package-data",
  (load) =>
    (...args) =>
      load()(...args),
);
replace("@npmcli/arborist", (load) => ({
  // The SDK copies the class at once, and uses it later.
  Arborist: class {
    constructor(...args) {
      return new (load().Arborist)(...args);
    }
  },
}));

/**
 * Puts something in the place of a package that loads the package when it is used.
 *
 * @param {string} name the package
 * @param {(load: () => any) => unknown} placeholder makes what takes its place
 */
function replace(name, placeholder) {
  const path = resolve(name);
  if (path === undefined) {
    return;
  }
  let loaded;
  const load = () => {
    if (loaded === undefined) {
      delete require.cache[path];
      loaded = require(path);
    }
    return loaded;
  };
  require.cache[path] = { exports: placeholder(load), loaded: true };
}

/**
 * @param {string} name a package
 * @returns {string | undefined} its file; none where it is not installed, and the SDK does without, too
 */
function resolve(name) {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
