import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
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
  const longAgo = new Date(Date.now() - 40 * 24 * 3_600_000);

  beforeEach(function () {
    process.env.XDG_CACHE_HOME = directory();
    put(current);
    put(old);
  });
  afterEach(function () {
    if (configured === undefined) {
      delete process.env.XDG_CACHE_HOME;
    } else {
      process.env.XDG_CACHE_HOME = configured;
    }
  });

  /** A folder of the cache with a program, and its log. */
  function put(folder: string, used = longAgo): void {
    const path = inCache(folder);
    mkdirSync(path, { recursive: true });
    writeFileSync(`${path}.log`, "");
    writeFileSync(join(path, "etcd"), "");
    utimesSync(join(path, "etcd"), used, longAgo);
    utimesSync(path, longAgo, longAgo);
  }

  function inCache(name: string): string {
    return join(programCacheDirectory(), name);
  }

  function checkout(name: string): string {
    const path = join(directory(), name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  function use(path: string, ...folders: readonly string[]): Promise<void> {
    return noteUse(
      folders.map((folder) => join(inCache(folder), "etcd")),
      path,
    );
  }

  it("loses the folders that no checkout uses", async function () {
    await use(checkout("one"), current);
    assert.deepEqual(await removeSuperseded(), [old]);
    assert(existsSync(inCache(current)));
    assert(!existsSync(inCache(old)));
    assert(!existsSync(`${inCache(old)}.log`));
  });

  it("keeps the folders that another checkout uses, until it uses others or is deleted", async function () {
    const [one, two] = [checkout("one"), checkout("two")];
    await use(one, current);
    await use(two, old);
    assert.deepEqual(await removeSuperseded(), []);
    remove(two);
    put(old);
    assert.deepEqual(await removeSuperseded(), [old]);
    await use(checkout("three"), "etcd-9.9.9-aaaaaaaaaaaa");
    await use(one, "etcd-9.9.9-aaaaaaaaaaaa");
    put(current);
    assert.deepEqual(await removeSuperseded(), [current]);
  });

  it("keeps programs that were started within a month, because older checkouts note nothing", async function () {
    put(old, new Date());
    await use(checkout("one"), current);
    assert.deepEqual(await removeSuperseded(), []);
    // The check itself does not count as a use.
    put(old);
    assert.deepEqual(await removeSuperseded(), [old]);
  });

  it("keeps the folders that a checkout no longer uses for a month", async function () {
    const one = checkout("one");
    await use(one, old);
    await use(one, current);
    assert.deepEqual(await removeSuperseded(), []);
    assert(statSync(inCache(old)).mtimeMs > longAgo.getTime());
  });

  it("keeps a running build, and folders that are not the builder's", async function () {
    await use(checkout("one"), current, old);
    const others = ["etcd-3.7.4-cccccccccccc.partial-77", "packages", "checkouts"];
    for (const folder of others) {
      put(folder);
    }
    await removeSuperseded();
    for (const folder of others) {
      assert(existsSync(inCache(folder)), folder);
    }
  });

  it("can be read-only", async function () {
    // The superuser can write anywhere, so a file in place of the folder makes it unwritable.
    remove(inCache("checkouts"));
    writeFileSync(inCache("checkouts"), "");
    chmodSync(programCacheDirectory(), 0o555);
    try {
      await use(checkout("one"), current);
    } finally {
      chmodSync(programCacheDirectory(), 0o755);
    }
  });
});
