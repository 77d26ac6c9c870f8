import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

import { findOnPath, hasRun, noteRun } from "../../programs/builder.ts";
import { cachePath, fillAtomically } from "../../programs/cache.ts";
import { artifacts, atLeast, findArtifact, sameMinor } from "../../programs/artifacts.ts";
import { reductionOf } from "../../programs/reducedModules.ts";
import { sandboxSource } from "../../paths.ts";
import { remove } from "../../../lib/files.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("builder", function () {
  const directory = temporaryDirectory();
  const target = () => join(directory(), "program-1");

  it("names a folder only when it is complete", async function () {
    await fillAtomically(target(), (temporary) => {
      assert(!existsSync(target()));
      writeFileSync(join(temporary, "program"), "");
      return Promise.resolve();
    });
    assert.deepEqual(readdirSync(target()), ["program"]);
    assert.deepEqual(readdirSync(directory()), ["program-1"]);
  });

  it("leaves no files of a failed build", async function () {
    await assert.rejects(
      fillAtomically(target(), () => Promise.reject(new Error("no compiler"))),
      /no compiler/,
    );
    assert.deepEqual(readdirSync(directory()), []);
  });

  it("does not use the files of a killed build, and removes them", async function () {
    const builder = sandboxSource("programs/cache.ts");
    const script = `
      import { writeFileSync } from "node:fs";
      import { fillAtomically } from ${JSON.stringify(builder)};
      await fillAtomically(${JSON.stringify(target())}, async (temporary) => {
        writeFileSync(temporary + "/program", "half");
        process.stdout.write("half done");
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.match(readdirSync(directory()).join(), /^program-1\.partial-\d+$/);
    assert(!existsSync(target()));

    await fillAtomically(target(), () => Promise.resolve());
    assert.deepEqual(readdirSync(directory()), ["program-1"]);
  });

  it("finds executables on PATH, and nothing else of that name", function () {
    const [first, second] = [join(directory(), "a"), join(directory(), "b")];
    mkdirSync(join(first, "tool"), { recursive: true });
    mkdirSync(second);
    writeFileSync(join(second, "tool"), "#!/bin/sh\n");
    const path = `${first}:relative:${second}`;
    assert.equal(findOnPath("tool", path), undefined);
    chmodSync(join(second, "tool"), 0o755);
    assert.equal(findOnPath("tool", path), join(second, "tool"));
  });

  it("does not run the same program again, until it is replaced", function () {
    const path = target();
    writeFileSync(path, "first");
    assert(!hasRun(path));
    noteRun(path);
    assert(hasRun(path));
    remove(path);
    writeFileSync(path, "other");
    assert(!hasRun(path));
  });

  it("stores every artifact under a unique name with its version", function () {
    const folders = artifacts.map((artifact) => basename(join(cachePath(artifact), "..")));
    assert.equal(new Set(folders).size, artifacts.length);
    const etcd = findArtifact("etcd");
    assert.match(cachePath(etcd), new RegExp(`/etcd-${etcd.version}-[0-9a-f]{12}/etcd$`));
    assert.equal(cachePath({ ...etcd, buildSeconds: 1 }), cachePath(etcd));
    assert.equal(etcd.kind, "program");
    assert.notEqual(cachePath({ ...etcd, package: "other" }), cachePath(etcd));
  });

  it("builds the programs whose clients are reduced again when the code of the reduction changes", function () {
    const code = readFileSync(sandboxSource("programs/reducedClients.ts"), "utf8");
    for (const name of ["kube-apiserver", "pulumi-resource-kubernetes"] as const) {
      const artifact = findArtifact(name);
      const reduction = reductionOf(artifact.module);
      assert(reduction.includes(code), name);
      const changed = reduction.map((part) => (part === code ? `${code}// changed` : part));
      assert.notEqual(cachePath(artifact, changed), cachePath(artifact), name);
      assert.equal(cachePath(artifact, reduction), cachePath(artifact), name);
    }
    for (const name of ["pulumi", "etcd"] as const) {
      assert(!reductionOf(findArtifact(name).module).includes(code), name);
    }
  });

  it("compares versions by number", function () {
    assert(atLeast("3.9.0")("3.10.0"));
    assert(atLeast("3.9.0")("3.9.0"));
    assert(!atLeast("3.9.0")("3.8.12"));
    assert(!atLeast("3.9.0")("unknown"));
    assert(sameMinor("1.37.2")("1.37.9-rc.1"));
    assert(!sameMinor("1.37.2")("1.3.7"));
  });
});
