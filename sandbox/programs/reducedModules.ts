import { readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { sandboxSource } from "../paths.ts";
import { copyWritable } from "./copyWritable.ts";
import { reduceClients } from "./reducedClients.ts";
import { moduleDirectory, runGo } from "./goToolchain.ts";

/**
 * A Go module that is built without packages which the sandbox never runs and which take long to compile. Where other
 * packages import them, files in `reduced/<module>/` of the program's folder take the place of omitted ones.
 */
export interface ReducedModule {
  /** The module's path. */
  readonly module: string;
  /** Its files and folders to omit, relative to the module. Absent: all but go.mod. */
  readonly without?: readonly string[];
  /** For k8s.io/client-go: the API versions with clients and informers, such as `apps/v1`. Absent: all. */
  readonly versions?: readonly string[];
}

/** The reduced modules of the folders that contain the programs' go.mod. */
const reducedModules: Readonly<Record<string, readonly ReducedModule[]>> = {
  "programs/kubernetes": [
    // Both admission by policy and the scheduler's queue contain code for their tests, with a fake client for each
    // kind of each version.
    {
      module: "k8s.io/apiserver",
      without: ["pkg/admission/plugin/policy/generic/policy_test_context.go"],
    },
    {
      module: "k8s.io/client-go",
      without: ["kubernetes/fake"],
      versions: [
        "admissionregistration/v1",
        "apiserverinternal/v1alpha1",
        "apps/v1",
        "authentication/v1",
        "authorization/v1",
        "autoscaling/v1",
        "autoscaling/v2",
        "batch/v1",
        "certificates/v1",
        "certificates/v1alpha1",
        "certificates/v1beta1",
        "coordination/v1",
        "coordination/v1beta1",
        "core/v1",
        "discovery/v1",
        "events/v1",
        "flowcontrol/v1",
        "networking/v1",
        "networking/v1beta1",
        "node/v1",
        "policy/v1",
        "policy/v1beta1",
        "rbac/v1",
        "resource/v1",
        "resource/v1alpha3",
        "scheduling/v1",
        "scheduling/v1alpha3",
        "scheduling/v1beta1",
        "storage/v1",
        "storagemigration/v1",
      ],
    },
    {
      module: "k8s.io/kubernetes",
      without: [
        // Many files that no program imports.
        "api",
        "cluster",
        "test",
        // The controller-manager uses one function of this package, which imports most of the kubelet.
        "pkg/kubelet/eviction",
        // The volume plugins.
        "cmd/kube-controller-manager/app/plugins.go",
      ],
    },
  ],
  "programs/pulumi": [
    {
      module: "github.com/pulumi/pulumi/pkg/v3",
      without: [
        // The login to Google Cloud Storage.
        "authhelpers",
        // `pulumi env setup`, with the clients of three clouds.
        "cmd/esc/cli/setup.go",
        "cmd/esc/cli/setup_aws.go",
        "cmd/esc/cli/setup_azure.go",
        "cmd/esc/cli/setup_gcp.go",
        // `pulumi api`, whose parser of OpenAPI takes a quarter of the CLI's compile time.
        "cmd/pulumi/cloud/schema.go",
        "cmd/pulumi/cloud/spec.go",
        // The secrets providers but `passphrase`.
        "secrets/cloud",
      ],
    },
    // The colours of code in Markdown.
    { module: "github.com/alecthomas/chroma", without: ["lexers"] },
    // The backends but `file://`.
    { module: "gocloud.dev", without: ["blob/azureblob", "blob/gcsblob", "blob/s3blob"] },
    { module: "github.com/aws/aws-sdk-go-v2/service/s3" },
  ],
  "programs/pulumi-resource-kubernetes": [
    {
      module: "k8s.io/client-go",
      without: ["informers"],
      versions: ["apiserverinternal/v1alpha1", "apps/v1", "batch/v1", "core/v1"],
    },
  ],
};

/** The reduced modules of a program's folder under `sandbox/`. */
export function reducedModulesOf(folder: string): readonly ReducedModule[] {
  return reducedModules[folder] ?? [];
}

/** The lists and the code that reduce the modules of a program's folder; part of the program's hash, as its own files are. */
export function reductionOf(folder: string): readonly (ReducedModule | string)[] {
  const modules = reducedModulesOf(folder);
  return modules.some(({ versions }) => versions !== undefined)
    ? [...modules, readFileSync(sandboxSource("programs/reducedClients.ts"), "utf8")]
    : modules;
}

/**
 * Completes the files in `reduced/` of a copy of a program's folder with those of the modules, and makes go.mod use
 * them.
 */
export async function reduceModules(folder: string, copy: string): Promise<void> {
  for (const { module, without, versions } of reducedModulesOf(folder)) {
    const [from, to] = [await moduleDirectory(copy, module), join(copy, "reduced", module)];
    const isOmitted = (path: string) =>
      without === undefined
        ? path !== "go.mod"
        : without.some((omitted) => path === omitted || path.startsWith(omitted + sep));
    const isForTests = (path: string) =>
      path.endsWith("_test.go") || path.split(sep).includes("testdata");
    copyWritable(from, to, (path) => !isOmitted(path) && !isForTests(path));
    if (versions !== undefined) {
      reduceClients(to, versions);
    }
    await runGo(["mod", "edit", `-replace=${module}=./${join("reduced", module)}`], copy);
  }
}
