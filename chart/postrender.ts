import { stdin, stdout } from "node:process";
import { text } from "node:stream/consumers";
import { repairManifest } from "./repairManifest.ts";
import { printable } from "../lib/printable.ts";

try {
  stdout.write(repairManifest(await text(stdin)));
} catch (error) {
  // Helm shows what a failing post-renderer wrote to stderr, so an error is one line there.
  console.error(printable(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
