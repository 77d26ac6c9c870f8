import { stdin, stdout } from "node:process";
import { text } from "node:stream/consumers";
import { repairManifest } from "./repairManifest.ts";
import { printable } from "../lib/printable.ts";

try {
  stdout.write(repairManifest(await text(stdin)));
} catch (error) {
  // Helm prints the stderr of a failed post-renderer, so print the error in one line.
  console.error(printable(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
