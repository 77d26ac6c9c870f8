import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { satisfies } from "semver";
import * as components from "../../components/index.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private: boolean;
  readonly exports: Readonly<Record<string, string | { types: string; default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Manifest;

describe("the package", function () {
  this.timeout(60_000);

  /** Like `dist`, without types, which take longer; below `node_modules`, as in an installation. */
  let built: string;

  before(() => {
    mkdirSync("node_modules/.cache", { recursive: true });
    built = resolve(mkdtempSync("node_modules/.cache/package-"));
    const options = ["--noCheck", "--declaration", "false", "--outDir", built];
    node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", ...options);
    cpSync("chart/postrender", join(built, "chart/postrender"));
  });

  after(() => {
    rmSync(built, { recursive: true });
  });

  function node(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  }

  for (const [how, load] of [
    ["imported", (file: string) => `await import(${file})`],
    [
      "required",
      (file: string) => `process.getBuiltinModule("module").createRequire(${file})(${file})`,
    ],
  ] as const) {
    it(`exports what the components export, when it is ${how}`, () => {
      const file = JSON.stringify(join(built, "components/index.js"));
      const names = node(
        "--input-type=module",
        "--eval",
        `console.log(JSON.stringify(Object.keys(${load(file)})))`,
      );
      assert.deepEqual((JSON.parse(names) as string[]).sort(), Object.keys(components).sort());
    });
  }

  it("requires only the packages that come with it", () => {
    const { dependencies, peerDependencies } = manifest("package.json");
    const specifier = /(?:from|import)[ (]"((?:@[^/"]+\/)?[^./"][^/"]*)/g;
    const imported = globSync(`${built}/**/*.js`)
      .flatMap((file) => [...readFileSync(file, "utf8").matchAll(specifier)])
      .map(([, name = ""]) => name);
    assert(imported.includes("@pulumi/pulumi"));
    const missing = imported.filter(
      (name) => !name.startsWith("node:") && !(name in { ...dependencies, ...peerDependencies }),
    );
    assert.deepEqual(missing, []);
  });

  it("has all files that it names", () => {
    for (const [name, target] of Object.entries(manifest("package.json").exports)) {
      if (typeof target === "string") {
        assert(existsSync(target), name);
      } else {
        const file = target.default.replace("./dist/", "");
        assert(existsSync(join(built, file)), name);
        assert.equal(target.types, target.default.replace(/\.js$/, ".d.ts"), name);
      }
    }
  });

  it("repairs with only the Node on PATH and JavaScript", () => {
    const { status, stderr } = spawnSync(join(built, "chart/postrender"), {
      encoding: "utf8",
      input: "kind: ConfigMap\n",
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    });
    assert.match(stderr, /^the chart rendered no ServiceAccount/);
    assert.equal(status, 1);
  });

  it("cannot be published by mistake", () => {
    assert.equal(manifest("package.json").private, true);
  });

  it("and its SDK are those that the example requires", () => {
    const { name, version, dependencies, devDependencies } = manifest("package.json");
    const installed = { ...dependencies, ...devDependencies };
    for (const [other, range] of Object.entries(
      manifest("examples/own-program/package.json").dependencies,
    )) {
      if (other === name) {
        assert.equal(range, `file:${name}-${version}.tgz`);
      } else {
        assert(satisfies(installed[other] ?? "", range), other);
      }
    }
  });
});
