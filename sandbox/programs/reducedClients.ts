import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Reduces the generated code in a copy of k8s.io/client-go to some API versions: the others' clients and informers are
 * not compiled. A package that mentions the interface of all clients, or of all informers, contains a description of
 * each type that can be reached from it, so this saves time in hundreds of packages. If it removes too much, the
 * programs do not compile.
 *
 * @param versions groups and versions, such as `apps/v1`; all of those that programs use
 * @throws Error if it removes nothing, because the generated code has another form or another place
 */
export function reduceClients(clientGo: string, versions: readonly string[]): void {
  const clients = "kubernetes/clientset.go";
  const informers = ["informers/generic.go", "informers/*/interface.go"];
  const isOmitted = (path: string) => {
    const version = /^k8s\.io\/(?:api|client-go\/(?:kubernetes\/typed|informers))\/(\w+\/v\w+)$/;
    const [, name] = version.exec(path) ?? [];
    return name !== undefined && !versions.includes(name);
  };
  const edited = edit(clientGo, [clients, ...informers], (source) =>
    withoutImports(source, isOmitted),
  );
  if (!edited.includes(clients)) {
    throw new Error(`${join(clientGo, clients)} has no clients to remove`);
  }
  // Only the trackers of devices (k8s.io/dynamic-resource-allocation) use informers with type parameters.
  edit(clientGo, ["informers/!(resource)/*/interface.go"], (source) =>
    source.replace(/\bTyped(\w+Informer)\b/g, "$1"),
  );
}

/**
 * Removes imports from a file that client-gen or informer-gen (k8s.io/code-generator) has generated, and the code that
 * uses them.
 */
function withoutImports(source: string, isOmitted: (path: string) => boolean): string {
  const names: string[] = [];
  const rest = source.replace(/^\t(\w+) "(.+)"\n/gm, (line, name: string, path: string) => {
    if (isOmitted(path)) {
      names.push(name);
      return "";
    }
    return line;
  });
  return names.reduce(
    (text, name) =>
      [
        // The method for a version's client or informers.
        `^func .*\\b${name}\\..* \\{\n.*\n\\}\n`,
        // The creation of a client, with the check for an error.
        `^.*= ${name}\\.NewFor.*\n.*\n.*\n\t\\}\n`,
        // The case for a resource, with its return.
        `^.*case ${name}\\..*\n.*\n`,
        // A line of an interface, a structure or a constructor.
        `^.*\\b${name}\\..*\n`,
      ].reduce((left, code) => left.replace(new RegExp(code, "gm"), ""), text),
    rest,
  );
}

/** Changes files in a folder, and returns the paths of those that it changed. */
function edit(
  folder: string,
  patterns: readonly string[],
  change: (source: string) => string,
): string[] {
  const edited: string[] = [];
  for (const path of globSync(patterns, { cwd: folder })) {
    const file = join(folder, path);
    const source = readFileSync(file, "utf8");
    const changed = change(source);
    if (changed !== source) {
      writeFileSync(file, changed);
      edited.push(path);
    }
  }
  return edited;
}
