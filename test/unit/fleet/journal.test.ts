import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Journal } from "../../../fleet/journal.ts";

/** A process that does not exist: no system assigns such a pid. */
const gone = { pid: 2 ** 30, started: "never" };

describe("a fleet's journal", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fleet-test-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** Ends the command that wrote a journal. */
  function killed(action: "up" | "rotate", changes: object = {}): void {
    const file = join(directory, ".fleet", `${action}.json`);
    const notes = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...notes, owner: gone, ...changes }));
  }

  it("is continued by the same action after a kill", () => {
    const first = Journal.open(directory, "rotate", false);
    assert.equal(first.unfinished(["a", "b"]), undefined);
    first.begin("a", "1");
    first.done("a", "1");
    first.begin("b", "2", { replaces: "2026-11-01T00:00:00Z" });
    first.runs("b", gone);
    killed("rotate");

    const second = Journal.open(directory, "rotate", false);
    assert.notEqual(second.unfinished(["a", "b"]), undefined);
    assert.equal(second.unfinished(["c"]), undefined);
    assert.deepEqual(second.of("a"), { state: "done", digest: "1" });
    assert.deepEqual(second.of("b"), {
      ...{ state: "running", digest: "2", process: gone },
      replaces: "2026-11-01T00:00:00Z",
    });
    assert.equal(second.of("c"), undefined);
    // The started rotation stays recorded until it is done.
    second.begin("b", "2");
    assert.equal(second.of("b")?.replaces, "2026-11-01T00:00:00Z");
    second.done("b", "2");
    assert.equal(second.of("b")?.replaces, undefined);
  });

  it("is separate for each action, and no other user can read it", () => {
    Journal.open(directory, "up", false).done("a", "1");
    killed("up");
    assert.equal(Journal.open(directory, "rotate", false).of("a"), undefined);
    killed("rotate");
    assert.equal(Journal.open(directory, "doctor", false).of("a"), undefined);
    assert.equal(Journal.open(directory, "up", false).of("a")?.state, "done");
    const file = join(directory, ".fleet", "up.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("is started again on request, after a day, on another machine, and where it is damaged", () => {
    const anew = (fresh: boolean) => Journal.open(directory, "up", fresh).of("a");
    const old = () => {
      Journal.open(directory, "up", true).done("a", "1");
      killed("up");
    };
    old();
    assert.notEqual(anew(false), undefined);
    killed("up");
    assert.equal(anew(true), undefined);
    killed("up");
    old();
    killed("up", { began: new Date(Date.now() - 25 * 60 * 60 * 1_000).toISOString() });
    assert.equal(anew(false), undefined);
    killed("up");
    old();
    killed("up", { host: "elsewhere" });
    assert.equal(anew(false), undefined);
    writeFileSync(join(directory, ".fleet", "up.json"), '{"version": 1, "act');
    assert.equal(anew(false), undefined);
  });

  it("is refused to a second command that changes stacks, while the first is running", () => {
    Journal.open(directory, "up", false);
    for (const action of ["up", "rotate"] as const) {
      assert.throws(
        () => Journal.open(directory, action, true),
        new RegExp(
          `Another fleet command \\(up, process ${process.pid}\\).*ps -fp ${process.pid}$`,
        ),
      );
    }
    Journal.open(directory, "doctor", false);
  });

  it("keeps the remaining stacks when only some are done, and is deleted with the last", () => {
    const journal = Journal.open(directory, "up", false);
    journal.done("a", "1");
    journal.begin("b", "2");
    journal.finish(["a"]);
    assert.equal(journal.of("a"), undefined);
    assert.equal(journal.of("b")?.state, "running");
    journal.finish(["b", "c"]);
    assert.deepEqual(readdirSync(join(directory, ".fleet")), []);
  });
});
