import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { reduceClients } from "../../programs/reducedClients.ts";
import { temporaryDirectory } from "./temporary.ts";

/** With the forms of code that client-gen and informer-gen generate. */
describe("the clients for the Kubernetes API in the sandbox's programs", function () {
  const directory = temporaryDirectory();

  const unusedImport = '\tv1beta1 "k8s.io/client-go/kubernetes/typed/apps/v1beta1"\n';

  /** Reduces a client-go that consists of one file and a set of clients, and returns the file. */
  function reduced(path: string, source: string): string {
    for (const [name, content] of [
      ["kubernetes/clientset.go", unusedImport],
      [path, source],
    ] as const) {
      mkdirSync(dirname(join(directory(), name)), { recursive: true });
      writeFileSync(join(directory(), name), content);
    }
    reduceClients(directory(), ["apps/v1"]);
    return readFileSync(join(directory(), path), "utf8");
  }

  it("are those of the API versions that the programs use", function () {
    const version = (name: string, path: string) => ({
      import: `\t${name} "k8s.io/client-go/kubernetes/typed/${path}"\n`,
      method: `\tGet${name}() ${name}.Interface\n`,
      field: `\t${name} *${name}.Client\n`,
      getter: `func (c *Clientset) Get${name}() ${name}.Interface {\n\treturn c.${name}\n}\n\n`,
      created: `\tcs.${name}, err = ${name}.NewForConfigAndClient(&config, client)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n`,
      shared: `\tcs.${name} = ${name}.New(c)\n`,
    });
    const clientset = (...versions: ReturnType<typeof version>[]) => {
      const all = (part: keyof ReturnType<typeof version>) =>
        versions.map((parts) => parts[part]).join("");
      return [
        `import (\n\thttp "net/http"\n${all("import")})\n`,
        `type Interface interface {\n\tDiscovery() http.Client\n${all("method")}}\n`,
        `type Clientset struct {\n${all("field")}}\n`,
        all("getter").trimEnd(),
        `func NewForConfigAndClient(config, client) (*Clientset, error) {\n\tvar err error\n${all("created")}\treturn &cs, nil\n}\n`,
        `func New(c rest.Interface) *Clientset {\n${all("shared")}\treturn &cs\n}\n`,
      ].join("\n");
    };
    const [used, unused] = [version("appsv1", "apps/v1"), version("appsv1beta1", "apps/v1beta1")];
    assert.equal(
      reduced("kubernetes/clientset.go", clientset(used, unused)).replace(/\n+/g, "\n"),
      clientset(used).replace(/\n+/g, "\n"),
    );
  });

  it("have informers for the same versions", function () {
    const group = (...versions: string[]) => {
      const all = (part: (version: string) => string) => versions.map(part).join("");
      return [
        `import (\n${all((version) => `\t${version} "k8s.io/client-go/informers/apps/${version}"\n`)})\n`,
        `type Interface interface {\n${all((version) => `\tGet() ${version}.Interface\n`)}}\n`,
        all(
          (version) =>
            `func (g *group) Get() ${version}.Interface {\n\treturn ${version}.New(g)\n}\n`,
        ),
      ].join("\n");
    };
    const [used, unused] = ["v1", "v1beta1"];
    assert.equal(reduced("informers/apps/interface.go", group(used, unused)), group(used));
  });

  it("find no informers for resources of other versions", function () {
    const generic = (...versions: string[]) => {
      const all = (part: (version: string) => string) => versions.map(part).join("");
      return [
        `import (\n${all((version) => `\t${version} "k8s.io/api/apps/${version}"\n`)})\n`,
        `switch resource {\n${all((version) => `\tcase ${version}.GroupVersion.WithResource("deployments"):\n\t\treturn f.${version}(), nil\n`)}}\n`,
      ].join("\n");
    };
    assert.equal(reduced("informers/generic.go", generic("v1", "v1beta1")), generic("v1"));
  });

  it("have informers without type parameters, except for devices", function () {
    const source = "\tDeployments() TypedDeploymentInformer\n";
    assert.equal(
      reduced("informers/apps/v1/interface.go", source),
      "\tDeployments() DeploymentInformer\n",
    );
    assert.equal(reduced("informers/resource/v1/interface.go", source), source);
  });

  it("are found by the path of their package only", function () {
    const source = 'import (\n\tv1beta1 "k8s.io/apimachinery/pkg/v1beta1"\n)\nvar x = v1beta1.Y\n';
    assert.equal(reduced("informers/generic.go", source), source);
  });

  it("are reported if their code has another form", function () {
    assert.throws(
      () => reduced("kubernetes/clientset.go", unusedImport.replace("\t", "")),
      /clientset\.go has no clients to remove/,
    );
  });
});
