import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { projectDirectory } from "../../paths.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("bootstrap", function () {
  const project = temporaryDirectory();
  const file = (...path: string[]) => join(project(), ...path);
  const packages = (version: string) => ({
    "": { name: "example" },
    "node_modules/example": { version, integrity: "sha512-example" },
    "node_modules/other-platform": { version: "1.0.0", optional: true },
  });

  function writeLock(path: string, version: string): void {
    writeFileSync(path, JSON.stringify({ packages: packages(version) }));
  }

  function environment(): NodeJS.ProcessEnv {
    const { npm_execpath: _, ...rest } = process.env;
    return { ...rest, PATH: `${file("bin")}:${process.env.PATH ?? ""}` };
  }

  function bootstrap(script: string) {
    writeFileSync(file("script.mjs"), script);
    return spawnSync(process.execPath, [file("bootstrap.mjs"), file("script.mjs"), "one", "two"], {
      encoding: "utf8",
      env: environment(),
    });
  }

  beforeEach(function () {
    copyFileSync(join(projectDirectory, "bootstrap.mjs"), file("bootstrap.mjs"));
    mkdirSync(file("bin"));
    // An npm that only records its calls, and lists the packages as installed.
    writeFileSync(
      file("bin", "npm"),
      `#!/bin/sh
echo "npm $*"
mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json
`,
    );
    chmodSync(file("bin", "npm"), 0o755);
    writeLock(file("package-lock.json"), "1.0.0");
  });

  it("keeps the script's calls to this machine out of the proxy", function () {
    const script =
      "console.log(process.env.NO_PROXY === process.env.no_proxy, process.env.no_proxy)";
    const { stdout } = bootstrap(script);
    assert.match(stdout, /^true localhost,127\.0\.0\.1,::1/m);
  });

  it("installs the packages of a new clone, and runs the script", function () {
    const { status, stdout, stderr } = bootstrap("console.log(process.argv.slice(2).join())");
    assert.equal(status, 0);
    assert.equal(stdout, "one,two\n");
    // Otherwise npm leaves out the packages of the commands for NODE_ENV=production.
    assert.match(stderr, /Installing the packages[^]*^npm ci --include=dev$/m);
    assert(existsSync(file("node_modules", ".package-lock.json")));
  });

  it("installs nothing if all packages are installed", function () {
    mkdirSync(file("node_modules"));
    writeLock(file("node_modules", ".package-lock.json"), "1.0.0");
    assert.equal(bootstrap("").stderr, "");
  });

  it("installs again if package-lock.json requires another version", function () {
    mkdirSync(file("node_modules"));
    writeLock(file("node_modules", ".package-lock.json"), "0.9.0");
    assert.match(bootstrap("").stderr, /npm ci/);
  });

  it("installs again after an interrupted installation", function () {
    mkdirSync(file("node_modules", "example"), { recursive: true });
    assert.match(bootstrap("").stderr, /npm ci/);
  });

  it("runs the script with the project's Node, and returns its exit code", function () {
    mkdirSync(file("node_modules", ".bin"), { recursive: true });
    writeLock(file("node_modules", ".package-lock.json"), "1.0.0");
    symlinkSync(process.execPath, file("node_modules", ".bin", "node"));
    const { status, stdout } = bootstrap("console.log(process.argv0); process.exitCode = 7");
    assert.equal(status, 7);
    assert.equal(stdout, `${file("node_modules", ".bin", "node")}\n`);
  });

  it("forwards a signal to the script", async function () {
    mkdirSync(file("node_modules"));
    writeLock(file("node_modules", ".package-lock.json"), "1.0.0");
    writeFileSync(
      file("script.mjs"),
      `process.on("SIGTERM", () => process.exit(9)); console.log("up"); setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, [file("bootstrap.mjs"), file("script.mjs")], {
      stdio: ["ignore", "pipe", "inherit"],
      env: environment(),
    });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 9);
  });
});
