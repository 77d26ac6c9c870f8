import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** One step in the page about the rotation protocol. */
export interface ProtocolRow {
  /** The row's name, with which the tests' titles begin. */
  readonly id: string;
  /**
   * Digest, id, next and previous on each consumer's Secret; `–` for none, and for all of them if there is no
   * Secret.
   */
  readonly secrets: readonly string[];
  /** The credential whose checksum the pod has. */
  readonly pod: string;
  /** The credentials that exist at the DNS provider. */
  readonly cloud: string;
}

const page = readFileSync("docs/rotation-protocol.md", "utf8");

/** The rows of the page's table of steps, in order. */
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

/** The rows in the notes of the page's diagram: `<row>`, or `<row>, or <row>`, at the beginning. */
export const rowsOfDiagram: readonly string[] = [
  ...section("The rotation").matchAll(/^ +Note over [a-z,]+: (.*)$/gm),
].flatMap(([, note = ""]) => [...note.matchAll(/(?:^|, or )([a-z-]+)/g)].map(([, id = ""]) => id));

function section(heading: string): string {
  const [, text = ""] = page.split(`\n## ${heading}\n`);
  assert(text !== "", `the page has no section ${heading}`);
  return text.split("\n## ")[0] ?? "";
}
