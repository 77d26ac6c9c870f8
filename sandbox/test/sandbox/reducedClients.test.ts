import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { reduceClients } from "../../programs/reducedClients.ts";
import { temporaryDirectory } from "./temporary.ts";

/** With the forms of code that client-gen and informer-gen generate; a build shows that the rest compiles. */
describe("the clients for the Kubernetes API in the sandbox's programs", function () {
  const directory = temporaryDirectory();

  function reduced(path: string, source: string): string {
    const file = join(directory(), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, source);
    reduceClients(directory(), ["apps/v1"]);
    return readFileSync(file, "utf8");
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
    const source = (versions: string) =>
      `import (\n${versions.replace(/\w+/g, '\t$& "k8s.io/api/apps/$&"')})\nswitch resource {\n${versions.replace(
        /\w+/g,
        '\tcase $&.SchemeGroupVersion.WithResource("deployments"):\n\t\treturn informer("$&"), nil',
      )}}\n`;
    assert.equal(reduced("informers/generic.go", source("v1\nv1beta1\n")), source("v1\n"));
    assert.equal(reduced("informers/apps/interface.go", source("v1\nv1beta1\n")), source("v1\n"));
  });

  it("have informers without type parameters, except for devices", function () {
    const source = "\tDeployments() TypedDeploymentInformer\n";
    assert.equal(
      reduced("informers/apps/v1/interface.go", source),
      "\tDeployments() DeploymentInformer\n",
    );
    assert.equal(reduced("informers/resource/v1/interface.go", source), source);
  });

  it("are not found by mistake in other code", function () {
    const source = 'import (\n\tv1beta1 "k8s.io/apimachinery/pkg/v1beta1"\n)\nvar x = v1beta1.Y\n';
    assert.equal(reduced("kubernetes/clientset.go", source), source);
  });
});
