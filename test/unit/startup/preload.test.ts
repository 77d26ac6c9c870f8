import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The value of an expression after `preload.cjs`, in its own process, as JSON. */
async function evaluated(script: string, variables: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const args = [
    ...["--require", "./startup/preload.cjs", "--input-type=module", "--eval"],
    `const value = await (async () => { ${script} })(); console.log(JSON.stringify(value));`,
  ];
  // This variable is the user's own choice of the cache folder.
  const env = { ...process.env, NODE_COMPILE_CACHE: undefined, ...variables };
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

  it("loads no part of the SDK for other programs", async () => {
    const { loaded, sameTraces, sameFlags } = (await evaluated(`
      const { createRequire } = await import("node:module");
      const { cachedDataVersionTag } = await import("node:v8");
      const require = createRequire(import.meta.url);
      const flags = cachedDataVersionTag();
      const traces = Error.prepareStackTrace;
      // The modules with which Pulumi starts a program, without the program.
      for (const name of ["instrumentation", "tracing", "error"]) {
        require("@pulumi/pulumi/cmd/run/" + name);
      }
      require("source-map-support/register");
      require("@pulumi/pulumi");
      await require("@pulumi/pulumi/runtime/closure/v8Hooks").isInitializedAsync();
      return {
        loaded: Object.keys(require.cache).filter((file) => require.cache[file].filename !== undefined),
        sameTraces: traces === Error.prepareStackTrace,
        // V8 accepts compiled code by this tag.
        sameFlags: flags === cachedDataVersionTag(),
      };
    `)) as { loaded: string[]; sameTraces: boolean; sameFlags: boolean };
    assert(loaded.some((file) => file.endsWith("@pulumi/pulumi/cmd/run/tracing.js")));
    const others =
      /@opentelemetry\/(?!api\/)|@pulumi\/pulumi\/automation\/|\/execa\/|\/source-map(-support)?\//;
    assert.deepEqual(
      loaded.filter((file) => others.test(file)),
      [],
    );
    assert.equal(sameTraces, true);
    assert.equal(sameFlags, true);
  });

  it("leaves the SDK able to trace a run", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const ofEngine = await evaluated(
      `
      const { createRequire } = await import("node:module");
      const require = createRequire(import.meta.url);
      const { withRootContext } = require("@pulumi/pulumi/cmd/run/instrumentation");
      const { context, trace } = require("@opentelemetry/api");
      return withRootContext(() => trace.getSpanContext(context.active()).traceId);
      `,
      { TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01` },
    );
    assert.equal(ofEngine, traceId);
    const isRecording = await evaluated(
      `
      const { createRequire } = await import("node:module");
      const tracing = createRequire(import.meta.url)("@pulumi/pulumi/cmd/run/tracing");
      tracing.start("http://127.0.0.1:9/api/v2/spans");
      return tracing.newSpan("program").isRecording();
      `,
      { PULUMI_EXPERIMENTAL: "true" },
    );
    assert.equal(isRecording, true);
  });

  it("leaves the SDK able to run Pulumi", async () => {
    const type = await evaluated(`
      const { automation } = await import("@pulumi/pulumi");
      return typeof automation.LocalWorkspace.create;
    `);
    assert.equal(type, "function");
  });

  it("keeps compiled code where no other user can write", async () => {
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

  describe("where something is missing on the machine", () => {
    let checkout = "";
    beforeEach(() => {
      checkout = mkdtempSync(join(tmpdir(), "preload-"));
      cpSync("startup/preload.cjs", join(checkout, "startup/preload.cjs"));
      cpSync("package.json", join(checkout, "package.json"));
    });
    afterEach(() => {
      rmSync(checkout, { recursive: true, force: true });
    });

    /** Starts a program of the checkout with a Node that reports another version. */
    function start(version = process.versions.node, ...options: readonly string[]) {
      const other = join(checkout, "other-node.cjs");
      writeFileSync(
        other,
        `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
      );
      return spawnSync(
        process.execPath,
        [
          ...options,
          ...["--require", other, "--require", "./startup/preload.cjs"],
          ...["--eval", "console.log('ran')"],
        ],
        { cwd: checkout, encoding: "utf8" },
      );
    }

    /** Runs the command at the end of a message in a shell. */
    function paste(message: string, before = "") {
      const command = /: ((?:npm|export) .*)\n$/.exec(message)?.[1] ?? assert.fail(message);
      return spawnSync("bash", ["-c", `${before}${command} && command -v node`], {
        encoding: "utf8",
      });
    }

    for (const version of ["12.22.12", "18.20.8", "20.20.2", "22.17.1"]) {
      it(`reports that Node ${version} is too old, and the required version`, () => {
        const own = join(checkout, "node_modules/.bin/node");
        mkdirSync(dirname(own), { recursive: true });
        symlinkSync(process.execPath, own);
        const { status, stdout, stderr } = start(version);
        assert.equal(stderr.split("\n").length, 2, stderr);
        assert(stderr.startsWith(`Node ${version} (`), stderr);
        assert.equal(paste(stderr).stdout.trim(), own);
        assert.equal(stdout, "");
        // The SDK's code for an error that is already printed, so that the engine adds no message.
        assert.equal(status, 32);
      });
    }

    it("prints where to get a Node where the project has none", () => {
      const { stderr } = start("20.20.2");
      assert.match(stderr, /^Node 20\.20\.2 .*https:\/\/nodejs\.org/);
      assert(stderr.endsWith(`: npm ci --prefix ${checkout}\n`), stderr);
    });

    it("reports a new Node that does not run TypeScript, as 23.0 to 23.5 do not", () => {
      const { status, stderr } = start("23.3.0", "--no-strip-types");
      assert.equal(status, 32);
      assert.match(
        stderr,
        /^Node 23\.3\.0 \(\S+\) is first on PATH, and does not run TypeScript: /,
      );
      assert.match(start("23.6.0").stderr, /^The installed packages/);
    });

    for (const option of [
      "--no-strip-types",
      "--no-experimental-strip-types",
      "--no_strip_types",
    ]) {
      it(`reports ${option} in NODE_OPTIONS, with the command that removes it`, () => {
        const { status, stderr } = spawnSync(
          process.execPath,
          ["--require", "./startup/preload.cjs", "--eval", ""],
          {
            cwd: checkout,
            encoding: "utf8",
            env: { ...process.env, NODE_OPTIONS: `--trace-warnings ${option}` },
          },
        );
        assert.equal(status, 32);
        assert.equal(
          stderr,
          `NODE_OPTIONS contains ${option}, and the program needs Node to run TypeScript. Remove it, or all options: unset NODE_OPTIONS\n`,
        );
      });
    }

    it("reports that the packages are not installed, and how to install them", () => {
      const { status, stderr } = start();
      assert.equal(status, 32);
      assert.match(stderr, /^The installed packages do not match .*@pulumi\/kubernetes/);
      const npm = 'npm() { printf "%s|" "$@"; }; ';
      assert(paste(stderr, npm).stdout.startsWith(`ci|--prefix|${checkout}|`));
    });

    it("names packages from an older version of the project", () => {
      for (const [name, version] of Object.entries(directDependencies())) {
        const file = join(checkout, "node_modules", name, "package.json");
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, JSON.stringify({ name, version: name === "zod" ? "3.0.0" : version }));
      }
      assert.match(start().stderr, /project's package\.json \(zod\): npm ci/);
    });
  });
});

function directDependencies(): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies;
}
