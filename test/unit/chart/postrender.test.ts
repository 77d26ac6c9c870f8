import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("the post-renderer's script", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "postrender-"));
    mkdirSync(join(folder, "chart"));
    cpSync("chart/postrender", join(folder, "chart/postrender"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Creates an executable that prints this version of Node, or its own name and arguments. */
  function putNode(path: string, version: string): void {
    const file = join(folder, path, "node");
    mkdirSync(join(folder, path), { recursive: true });
    const says = `[ "$1" = --version ] && echo ${version} || echo "${path} runs $1"`;
    writeFileSync(file, `#!/bin/sh\n${says}\n`);
    chmodSync(file, 0o755);
  }

  function putScript(name: string): void {
    writeFileSync(join(folder, "chart", name), "");
  }

  function run(path = `${join(folder, "bin")}:/usr/bin:/bin`) {
    const { status, stdout, stderr } = spawnSync(join(folder, "chart/postrender"), {
      encoding: "utf8",
      env: { PATH: path },
    });
    return { status, stdout: stdout.trim(), stderr: stderr.trim() };
  }

  it("runs the built JavaScript with the Node on PATH", () => {
    putScript("postrender.js");
    putNode("bin", "v24.1.0");
    assert.deepEqual(run(), { status: 0, stdout: "bin runs postrender.js", stderr: "" });
  });

  it("runs TypeScript with the project's Node, regardless of PATH", () => {
    putScript("postrender.ts");
    putNode("bin", "v20.20.2");
    putNode("node_modules/.bin", "v24.1.0");
    assert.deepEqual(run(), {
      status: 0,
      stdout: "node_modules/.bin runs postrender.ts",
      stderr: "",
    });
  });

  for (const version of ["v22.18.0", "v22.20.1", "v23.6.0", "v24.0.0", "v30.0.0"]) {
    it(`accepts Node ${version}`, () => {
      putScript("postrender.js");
      putNode("bin", version);
      assert.equal(run().status, 0);
    });
  }

  for (const version of ["v9.11.2", "v20.20.2", "v22.2.0", "v22.9.0", "v22.17.1"]) {
    it(`refuses Node ${version} with one sentence`, () => {
      putScript("postrender.js");
      putNode("bin", version);
      assert.deepEqual(run(), {
        status: 1,
        stdout: "",
        stderr: `The post-renderer needs Node 22.18 or later, but PATH has ${version}: install it from https://nodejs.org`,
      });
    });
  }

  it("reports a missing Node", () => {
    putScript("postrender.js");
    // The system's tools may be in the same folder as its Node.
    mkdirSync(join(folder, "bin"));
    symlinkSync("/usr/bin/dirname", join(folder, "bin/dirname"));
    const { status, stderr } = run(join(folder, "bin"));
    assert.equal(status, 1);
    assert.match(stderr, /^The post-renderer needs Node 22\.18 or later, but PATH has none: /);
  });
});
