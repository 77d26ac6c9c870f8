import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** What the page about the rotation's protocol says of one step. */
export interface ProtocolRow {
  /** The row's name, which the tests' titles begin with. */
  readonly id: string;
  /** Digest, id, next and previous on each consumer's Secret; `–` for none, and for all of them where there is no Secret. */
  readonly secrets: readonly string[];
  /** Whose checksum the pod has. */
  readonly pod: string;
  /** Which credentials are at the cloud. */
  readonly cloud: string;
}

const page = readFileSync("docs/rotation-protocol.md", "utf8");

/** The rows of the page's table of steps, in its order. */
export const protocolRows: readonly ProtocolRow[] = section("Step by step")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [id = "", , secrets = "", pod = "", cloud = "", ...rest] = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    assert.equal(rest.length, 1, `the row ${id} has not six cells`);
    return { id: id.replaceAll("`", ""), secrets: secrets.split("; "), pod, cloud };
  });

/** The rows that the notes of the page's diagram name: `<row>`, or `<row>, or <row>`, before anything else. */
export const rowsOfDiagram: readonly string[] = [
  ...section("The rotation").matchAll(/^ +Note over [a-z,]+: (.*)$/gm),
].flatMap(([, note = ""]) => [...note.matchAll(/(?:^|, or )([a-z-]+)/g)].map(([, id = ""]) => id));

function section(heading: string): string {
  const [, text = ""] = page.split(`\n## ${heading}\n`);
  assert(text !== "", `the page has no section ${heading}`);
  return text.split("\n## ")[0] ?? "";
}
