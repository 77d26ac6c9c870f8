import assert from "node:assert/strict";
import { compileEnvironment } from "../../programs/goToolchain.ts";

describe("the environment of the sandbox's builds", function () {
  const names = ["GOGC", "GOMEMLIMIT", "GODEBUG"] as const;
  const own = { ...process.env };
  const availableMemory = process.availableMemory.bind(process);

  function settings(gibibytes: number, user: Readonly<Partial<Record<string, string>>> = {}) {
    process.availableMemory = () => gibibytes * 2 ** 30;
    names.forEach((name) => {
      delete process.env[name];
    });
    Object.assign(process.env, user);
    const { GOGC, GOMEMLIMIT, GODEBUG } = compileEnvironment();
    return { GOGC, GOMEMLIMIT, GODEBUG };
  }

  afterEach(function () {
    process.availableMemory = availableMemory;
    names.forEach((name) => {
      delete process.env[name];
    });
    Object.assign(process.env, own);
  });

  it("lets compilers use much memory before they collect garbage, but not more than there is", function () {
    const { GOGC, GOMEMLIMIT } = settings(1000);
    assert.equal(GOGC, "off");
    const mebibytes = Number(/^(\d+)MiB$/.exec(GOMEMLIMIT ?? "")?.[1]);
    assert.ok(mebibytes >= 1024 && mebibytes * 3 <= 1000 * 1024, GOMEMLIMIT);
  });

  it("has Go's defaults where memory is scarce", function () {
    assert.deepEqual(settings(2), {
      GOGC: undefined,
      GOMEMLIMIT: undefined,
      GODEBUG: "asyncpreemptoff=1",
    });
  });

  it("keeps the user's settings, and turns no collection off without the limit that belongs to it", function () {
    assert.deepEqual(settings(1000, { GOMEMLIMIT: "off", GODEBUG: "gctrace=1" }), {
      GOGC: undefined,
      GOMEMLIMIT: "off",
      GODEBUG: "gctrace=1",
    });
    assert.equal(settings(1000, { GOGC: "50" }).GOGC, "50");
  });
});
