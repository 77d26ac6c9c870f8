import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxSource } from "../../paths.ts";

/** The folders with the go.mod of the programs that `npm start` builds. */
const folders = [
  "programs/pebble",
  "programs/etcd",
  "programs/kubernetes",
  "programs/pulumi",
  "issuer",
];

const plugin = "programs/pulumi-resource-kubernetes";

/** The modules that the plugin shares with the others. It needs older versions of many, such as Kubernetes' and Pulumi's. */
const sharedWithPlugin =
  /^(golang\.org\/x|google\.golang\.org|go\.opentelemetry\.io|github\.com\/(prometheus|klauspost))\//;

/** With the same version in each go.mod, Go downloads and compiles a module once. */
describe("a Go module that several programs of the sandbox require", function () {
  it("has the same version in all of them", function () {
    const versions = new Map<string, Map<string, string>>();
    const read = (folder: string, isShared: (path: string) => boolean) => {
      const source = readFileSync(join(sandboxSource(folder), "go.mod"), "utf8");
      for (const [, path = "", version = ""] of source.matchAll(
        /^(?:require |\t)(\S+) (v\S+)(?: \/\/ indirect)?$/gm,
      )) {
        if (isShared(path)) {
          versions.set(
            path,
            (versions.get(path) ?? new Map<string, string>()).set(folder, version),
          );
        }
      }
    };
    folders.forEach((folder) => {
      read(folder, () => true);
    });
    read(plugin, (path) => sharedWithPlugin.test(path));
    const shared = [...versions.values()].filter((own) => own.size > 1);
    assert.ok(shared.length > 50);
    assert.ok(shared.some((own) => own.has(plugin)));
    const different = [...versions].filter(([, own]) => new Set(own.values()).size > 1);
    assert.deepEqual(different, []);
  });
});
