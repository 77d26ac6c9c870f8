/** What both kinds of {@link Artifact} have. */
interface ArtifactBase {
  /** Name of the artifact; for a program also that of its executable. */
  readonly name: string;
  /** The folder under `sandbox/` with the Go module (go.mod, go.sum) that pins it. */
  readonly module: string;
  /** Version, without a leading `v`. */
  readonly version: string;
  /** Time to make it on two cores with empty Go caches, after those above it in the table, in seconds. */
  readonly buildSeconds: number;
}

/** A program that is built from a Go module where it is not found on PATH. */
export interface Program extends ArtifactBase {
  readonly kind: "program";
  /** The package main. */
  readonly package: string;
  /** Go variables that the linker sets, `import/path.Name` to value. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files that the package embeds and that come out of a module it depends on. */
  readonly embeds?: {
    readonly module: string;
    readonly directory: string;
    readonly files: readonly string[];
  };
  /** How to see that a binary runs, and its version. */
  readonly check: {
    readonly args: readonly string[];
    /** Finds the version (group 1) in the output. Absent for programs that do not tell theirs. */
    readonly version?: RegExp;
  };
  /** Whether a binary of this version found on PATH serves. Absent: one on PATH is not used. */
  readonly accepts?: (version: string) => boolean;
}

/** A folder of files that is copied out of a Go module. */
export interface ModuleFiles extends ArtifactBase {
  readonly kind: "files";
  /** Path of the module that has the files. */
  readonly source: string;
  /** The folder inside it. */
  readonly directory: string;
}

/** Something the sandbox needs that a checkout does not contain. */
export type Artifact = Program | ModuleFiles;

const kubernetesVersion = "1.37.2";
const pulumiVersion = "3.274.1";
const kubernetesPluginVersion = "4.25.0";
const certManagerVersion = "1.21.2";

/** Everything that is built or copied, in the order in which it is. */
export const artifacts = [
  {
    kind: "files",
    name: "gateway-api",
    module: "programs/gateway-api",
    version: "1.6.3",
    buildSeconds: 3,
    source: "sigs.k8s.io/gateway-api",
    directory: "config/crd/standard",
  },
  {
    kind: "program",
    name: "pebble",
    module: "programs/pebble",
    version: "2.10.1",
    buildSeconds: 8,
    package: "github.com/letsencrypt/pebble/v2/cmd/pebble",
    variables: { "main.version": "2.10.1" },
    check: { args: ["-version"], version: /version: v?(\S+)/ },
    accepts: atLeast("2.6.0"),
  },
  {
    kind: "program",
    name: "pebble-challtestsrv",
    module: "programs/pebble",
    version: "2.10.1",
    buildSeconds: 2,
    package: "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv",
    check: { args: ["-h"] },
    accepts: () => true,
  },
  {
    kind: "program",
    name: "etcd",
    module: "programs/etcd",
    version: "3.7.3",
    buildSeconds: 30,
    package: "go.etcd.io/etcd/server/v3",
    check: { args: ["--version"], version: /etcd Version: (\S+)/ },
    accepts: atLeast("3.6.0"),
  },
  kubernetesProgram("kube-apiserver", 300, ["--version"], /Kubernetes v(\S+)/),
  kubernetesProgram("kube-controller-manager", 80, ["--version"], /Kubernetes v(\S+)/),
  kubernetesProgram("kube-scheduler", 25, ["--version"], /Kubernetes v(\S+)/),
  kubernetesProgram("kubectl", 35, ["version", "--client"], /Client Version: v(\S+)/, () => true),
  {
    kind: "program",
    name: "kwok",
    module: "programs/kwok",
    version: "0.8.0",
    buildSeconds: 95,
    package: "sigs.k8s.io/kwok/cmd/kwok",
    variables: { "sigs.k8s.io/kwok/pkg/consts.Version": "v0.8.0" },
    check: { args: ["--version"], version: /version v?(\d\S+)/ },
    accepts: sameMinor("0.8.0"),
  },
  {
    kind: "files",
    name: "kwok-stages",
    module: "programs/kwok",
    version: "0.8.0",
    buildSeconds: 1,
    source: "sigs.k8s.io/kwok",
    directory: "kustomize/stage",
  },
  {
    kind: "program",
    name: "pulumi",
    module: "programs/pulumi",
    version: pulumiVersion,
    buildSeconds: 255,
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables: {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${pulumiVersion}`,
    },
    check: { args: ["version"], version: /v(\d\S+)/ },
    // Hooks on resources that fail the step, which the program relies on, came with 3.238.
    accepts: atLeast("3.238.0"),
  },
  {
    kind: "program",
    name: "pulumi-resource-kubernetes",
    module: "programs/pulumi-resource-kubernetes",
    version: kubernetesPluginVersion,
    buildSeconds: 525,
    package: ".",
    variables: {
      "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version":
        kubernetesPluginVersion,
    },
    embeds: {
      module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
      directory: "cmd/pulumi-resource-kubernetes",
      files: ["schema.json", "terraform-mapping.json"],
    },
    check: { args: ["-h"] },
  },
  {
    kind: "program",
    name: "helm",
    // The Helm that the Kubernetes plugin is built with, so that both read a release alike.
    module: "programs/pulumi-resource-kubernetes",
    version: "3.18.6",
    buildSeconds: 15,
    package: "helm.sh/helm/v3/cmd/helm",
    variables: { "helm.sh/helm/v3/internal/version.version": "v3.18.6" },
    check: { args: ["version", "--template", "{{.Version}}"], version: /v(\d\S*)/ },
    accepts: (version) => atLeast("3.14.0")(version) && !atLeast("4.0.0")(version),
  },
  {
    kind: "program",
    name: "issuer",
    module: "issuer",
    version: "0.1.0",
    buildSeconds: 40,
    package: ".",
    check: { args: ["--help"] },
  },
  {
    // For stacks with a wildcard certificate alone.
    kind: "program",
    name: "cert-manager",
    module: "programs/cert-manager",
    version: certManagerVersion,
    buildSeconds: 200,
    package: ".",
    check: { args: ["--help"] },
  },
  {
    kind: "files",
    name: "cert-manager-crds",
    module: "programs/cert-manager",
    version: certManagerVersion,
    buildSeconds: 1,
    source: "github.com/cert-manager/cert-manager",
    directory: "deploy/crds",
  },
  {
    // Prometheus' own parser, for the tests of the doctor's metrics alone.
    kind: "program",
    name: "openmetrics",
    module: "programs/openmetrics",
    version: "0.310.0",
    buildSeconds: 45,
    package: ".",
    check: { args: ["--help"] },
  },
] as const satisfies readonly Artifact[];

/** The name of an artifact of the table. */
export type ArtifactName = (typeof artifacts)[number]["name"];

/** What the control plane and the ACME server consist of. */
export const clusterArtifacts = [
  "gateway-api",
  "pebble",
  "pebble-challtestsrv",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "kwok-stages",
] as const satisfies readonly ArtifactName[];

/** What a sandbox with cert-manager has beside them. */
export const certManagerArtifacts = [
  "cert-manager",
  "cert-manager-crds",
] as const satisfies readonly ArtifactName[];

/** The artifact of this name. */
export function findArtifact(name: ArtifactName): Artifact {
  const found = artifacts.find((artifact) => artifact.name === name);
  if (found === undefined) {
    throw new Error(`no artifact ${name}`);
  }
  return found;
}

/** Accepts a version that is `minimum` or later. */
export function atLeast(minimum: string): (version: string) => boolean {
  const [major, minor, patch] = parts(minimum);
  return (version) => {
    const [otherMajor, otherMinor, otherPatch] = parts(version);
    return (
      otherMajor > major ||
      (otherMajor === major &&
        (otherMinor > minor || (otherMinor === minor && otherPatch >= patch)))
    );
  };
}

/** Accepts a version with the major and minor number of `reference`. */
export function sameMinor(reference: string): (version: string) => boolean {
  const [major, minor] = parts(reference);
  return (version) => {
    const [otherMajor, otherMinor] = parts(version);
    return otherMajor === major && otherMinor === minor;
  };
}

function parts(version: string): [number, number, number] {
  const [major = NaN, minor = NaN, patch = NaN] = version.split(/[.+-]/, 3).map(Number);
  return [major, minor, Number.isNaN(patch) ? 0 : patch];
}

function kubernetesProgram<Name extends string>(
  name: Name,
  buildSeconds: number,
  args: readonly string[],
  version: RegExp,
  accepts = sameMinor(kubernetesVersion),
) {
  return {
    kind: "program",
    name,
    module: "programs/kubernetes",
    version: kubernetesVersion,
    buildSeconds,
    package: `k8s.io/kubernetes/cmd/${name}`,
    variables: { "k8s.io/component-base/version.gitVersion": `v${kubernetesVersion}` },
    check: { args, version },
    accepts,
  } as const satisfies Program;
}
