import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives each test of a suite an empty folder, which is deleted after it. */
export function temporaryDirectory(): () => string {
  let directory = "";
  beforeEach(function () {
    directory = mkdtempSync(join(tmpdir(), "sandbox-test-"));
  });
  afterEach(function () {
    rmSync(directory, { recursive: true, force: true });
  });
  return () => directory;
}
