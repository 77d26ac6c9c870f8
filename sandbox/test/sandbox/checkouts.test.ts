import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { noteUse, removeSuperseded } from "../../programs/checkouts.ts";
import { programCacheDirectory } from "../../paths.ts";
import { remove } from "../../../lib/files.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("the cache of programs", function () {
  const directory = temporaryDirectory();
  const { XDG_CACHE_HOME: configured } = process.env;
  const current = "etcd-3.7.3-0123456789ab";
  const old = "etcd-3.6.0-ba9876543210";

  beforeEach(function () {
    process.env.XDG_CACHE_HOME = directory();
    for (const folder of [current, old]) {
      mkdirSync(join(programCacheDirectory(), folder), { recursive: true });
      writeFileSync(join(programCacheDirectory(), `${folder}.log`), "");
    }
  });
  afterEach(function () {
    if (configured === undefined) {
      delete process.env.XDG_CACHE_HOME;
    } else {
      process.env.XDG_CACHE_HOME = configured;
    }
  });

  function checkout(name: string): string {
    const path = join(directory(), name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  function use(path: string, ...folders: readonly string[]): Promise<void> {
    return noteUse(
      folders.map((folder) => join(programCacheDirectory(), folder, "etcd")),
      path,
    );
  }

  it("loses what no checkout uses", async function () {
    await use(checkout("one"), current);
    assert.deepEqual(await removeSuperseded(), [old]);
    assert(existsSync(join(programCacheDirectory(), current)));
    assert(!existsSync(join(programCacheDirectory(), old)));
    assert(!existsSync(join(programCacheDirectory(), `${old}.log`)));
  });

  it("keeps what another checkout uses, until that one has gone on or is gone", async function () {
    const [one, two] = [checkout("one"), checkout("two")];
    await use(one, current);
    await use(two, old);
    assert.deepEqual(await removeSuperseded(), []);
    remove(two);
    assert.deepEqual(await removeSuperseded(), [old]);
    await use(checkout("three"), "etcd-9.9.9-aaaaaaaaaaaa");
    await use(one, "etcd-9.9.9-aaaaaaaaaaaa");
    assert.deepEqual(await removeSuperseded(), [current]);
  });

  it("keeps a build under way, and what is not the builder's", async function () {
    await use(checkout("one"), current, old);
    const others = ["etcd-3.7.4-cccccccccccc.partial-77", "packages", "checkouts"];
    for (const folder of others) {
      mkdirSync(join(programCacheDirectory(), folder), { recursive: true });
    }
    await removeSuperseded();
    for (const folder of others) {
      assert(existsSync(join(programCacheDirectory(), folder)), folder);
    }
  });
});
