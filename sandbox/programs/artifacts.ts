/** The common fields of both kinds of {@link Artifact}. */
interface ArtifactBase {
  /** Name of the artifact and, for a program, of its executable. */
  readonly name: string;
  /** The folder under `sandbox/` with the Go module (go.mod, go.sum) that pins it. */
  readonly module: string;
  /** Version, without a leading `v`. */
  readonly version: string;
  /** Build time on two cores with empty Go caches, after the artifacts above it in the table, in seconds. */
  readonly buildSeconds: number;
}

/** A platform, with the names that Node uses for its system and its processor. */
type Platform = `${"linux" | "darwin"}-${"x64" | "arm64"}`;

/** A published build of a program. */
export interface OfficialBuild {
  /** Its version, without a leading `v`. */
  readonly version: string;
  /** URL of the folder of the archives, with a slash at its end. */
  readonly folder: string;
  /** The archives (.tar.gz) by platform, where a public list has the checksum. */
  readonly archives: Readonly<Partial<Record<Platform, Omit<Archive, "version" | "folder">>>>;
}

/** An archive with an official build of a program. */
export interface Archive {
  readonly version: string;
  /** URL of the archive's folder, with a slash at its end. */
  readonly folder: string;
  /** Name of the archive. */
  readonly file: string;
  /** SHA-256 of the archive, in hexadecimal digits. */
  readonly sha256: string;
}

/** A program that is downloaded, or else built from a Go module, if it is not found on PATH. */
export interface Program extends ArtifactBase {
  readonly kind: "program";
  /** The build to download. Its archives contain the executable under the program's name. */
  readonly official?: OfficialBuild;
  /** The package main. */
  readonly package: string;
  /** Go variables that the linker sets, `import/path.Name` to value. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files that the package embeds and that come from a module it depends on. */
  readonly embeds?: {
    readonly module: string;
    readonly directory: string;
    readonly files: readonly string[];
  };
  /** The check that a binary runs, and which version it is. */
  readonly check: {
    readonly args: readonly string[];
    /** Finds the version (group 1) in the output. Absent for programs that do not print a version. */
    readonly version?: RegExp;
  };
  /** Whether a binary of this version on PATH is suitable. Absent: a binary on PATH is not used. */
  readonly accepts?: (version: string) => boolean;
}

/** A folder of files that is copied from a Go module. */
export interface ModuleFiles extends ArtifactBase {
  readonly kind: "files";
  /** Path of the module that contains the files. */
  readonly source: string;
  /** The folder inside the module. */
  readonly directory: string;
}

/** A program or files that the sandbox needs and that a checkout does not contain. */
export type Artifact = Program | ModuleFiles;

/**
 * The Pulumi CLI. Checksums: pulumi/homebrew-tap, Formula/pulumi.rb at 51fb494, the newest there. The formula names
 * the archives of GitHub; those of get.pulumi.com are identical.
 */
const officialPulumi: OfficialBuild = {
  version: "3.259.0",
  folder: "https://get.pulumi.com/releases/sdk/",
  archives: {
    "linux-x64": {
      file: "pulumi-v3.259.0-linux-x64.tar.gz",
      sha256: "94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5",
    },
    "linux-arm64": {
      file: "pulumi-v3.259.0-linux-arm64.tar.gz",
      sha256: "edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853",
    },
    "darwin-x64": {
      file: "pulumi-v3.259.0-darwin-x64.tar.gz",
      sha256: "eaca4c3b8277bfa3ab061fa3b270d1c66358a0b2e613da8c5587a04b7226c534",
    },
    "darwin-arm64": {
      file: "pulumi-v3.259.0-darwin-arm64.tar.gz",
      sha256: "57c27f179e527e2cf9f62b841a448af72a020e44b2fb4ee0d9bd85556c00c864",
    },
  },
};

/** The Kubernetes plugin. Checksums: NixOS/nixpkgs, pkgs/by-name/pu/pulumi-bin/data.nix at 0501eb3, in base 32. */
const officialKubernetesPlugin: OfficialBuild = {
  version: "4.25.0",
  folder: "https://api.pulumi.com/releases/plugins/",
  archives: {
    "linux-x64": {
      file: "pulumi-resource-kubernetes-v4.25.0-linux-amd64.tar.gz",
      sha256: "6ea3d53c16a00c4d1017c4d109928d8f4801fd7cd978965cd43917561f3774b0",
    },
    "linux-arm64": {
      file: "pulumi-resource-kubernetes-v4.25.0-linux-arm64.tar.gz",
      sha256: "e4260240ed14bff6ed1a5a25a362311380ea1c072544fc262532b8197ea0725c",
    },
    "darwin-x64": {
      file: "pulumi-resource-kubernetes-v4.25.0-darwin-amd64.tar.gz",
      sha256: "e5dffbef3525bb6f41c2b328afb471149c7396c263d2acd2ef2fab51d63d47f3",
    },
    "darwin-arm64": {
      file: "pulumi-resource-kubernetes-v4.25.0-darwin-arm64.tar.gz",
      sha256: "566425b7767be7184d59c7ea151812c98426d7dab85f93c9c676c1dc9d488d91",
    },
  },
};

const kubernetesVersion = "1.37.2";
const pulumiVersion = "3.274.1";
const kubernetesPluginVersion = "4.25.0";
const certManagerVersion = "1.21.2";

/** All artifacts of the sandbox. */
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
    buildSeconds: 40,
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
    buildSeconds: 1,
    package: "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv",
    check: { args: ["-h"] },
    accepts: () => true,
  },
  {
    kind: "program",
    name: "etcd",
    module: "programs/etcd",
    version: "3.7.3",
    buildSeconds: 25,
    package: "go.etcd.io/etcd/server/v3",
    check: { args: ["--version"], version: /etcd Version: (\S+)/ },
    accepts: atLeast("3.6.0"),
  },
  kubernetesProgram("kube-apiserver", 165, ["--version"], /Kubernetes v(\S+)/),
  kubernetesProgram("kube-controller-manager", 25, ["--version"], /Kubernetes v(\S+)/),
  kubernetesProgram("kube-scheduler", 15, ["--version"], /Kubernetes v(\S+)/),
  kubernetesProgram("kubectl", 20, ["version", "--client"], /Client Version: v(\S+)/, () => true),
  {
    kind: "program",
    name: "kwok",
    module: "programs/kubernetes",
    version: "0.8.0",
    buildSeconds: 12,
    package: "sigs.k8s.io/kwok/cmd/kwok",
    variables: { "sigs.k8s.io/kwok/pkg/consts.Version": "v0.8.0" },
    check: { args: ["--version"], version: /version v?(\d\S+)/ },
    accepts: sameMinor("0.8.0"),
  },
  {
    kind: "files",
    name: "kwok-stages",
    module: "programs/kubernetes",
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
    official: officialPulumi,
    buildSeconds: 70,
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables: {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${pulumiVersion}`,
    },
    check: { args: ["version"], version: /v(\d\S+)/ },
    // Resource hooks that fail the step, which the program requires, were added in 3.238.
    accepts: atLeast("3.238.0"),
  },
  {
    kind: "program",
    name: "pulumi-language-nodejs",
    module: "programs/pulumi",
    version: pulumiVersion,
    buildSeconds: 1,
    package: "./language-host",
    check: { args: ["--help"] },
  },
  {
    kind: "program",
    name: "pulumi-resource-kubernetes",
    module: "programs/pulumi-resource-kubernetes",
    version: kubernetesPluginVersion,
    official: officialKubernetesPlugin,
    buildSeconds: 80,
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
    // The Helm version that the Kubernetes plugin is built with, so that both read a release alike.
    module: "programs/pulumi-resource-kubernetes",
    version: "3.18.6",
    buildSeconds: 5,
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
    buildSeconds: 12,
    package: ".",
    check: { args: ["--help"] },
  },
  {
    // Only for stacks with a wildcard certificate.
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
    // Prometheus' own parser, only for the tests of the doctor's metrics.
    kind: "program",
    name: "openmetrics",
    module: "programs/openmetrics",
    version: "0.310.0",
    buildSeconds: 30,
    package: ".",
    check: { args: ["--help"] },
  },
  {
    // Only for the test of the workflows in examples/github-actions.
    kind: "program",
    name: "actionlint",
    module: "programs/actionlint",
    version: "1.7.12",
    buildSeconds: 15,
    package: "github.com/rhysd/actionlint/cmd/actionlint",
    check: { args: ["-version"] },
  },
] as const satisfies readonly Artifact[];

/** The name of an artifact in the table. */
export type ArtifactName = (typeof artifacts)[number]["name"];

/** The programs of the control plane and the ACME server. */
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

/** The additional programs of a sandbox with cert-manager. */
export const certManagerArtifacts = [
  "cert-manager",
  "cert-manager-crds",
] as const satisfies readonly ArtifactName[];

/** The artifact with this name. */
export function findArtifact(name: ArtifactName): Artifact {
  const found = artifacts.find((artifact) => artifact.name === name);
  if (found === undefined) {
    throw new Error(`no artifact ${name}`);
  }
  return found;
}

/** The archive with an official build of an artifact for this platform, if one is known. */
export function officialArchive(artifact: Artifact): Archive | undefined {
  if (artifact.kind !== "program" || artifact.official === undefined) {
    return undefined;
  }
  const { version, folder, archives } = artifact.official;
  const archive = archives[`${process.platform}-${process.arch}` as Platform];
  return archive && { version, folder, ...archive };
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
