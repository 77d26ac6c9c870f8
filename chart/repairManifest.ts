import { check } from "./check.ts";
import {
  assertWellFormed,
  formatManifest,
  objectsIn,
  parseManifest,
  withObject,
  type KubernetesObject,
  type ManifestDocument,
} from "./manifest.ts";
import { decodeParameters, parametersAnnotation } from "./parameters.ts";
import { chartVersion, releaseNames } from "./release.ts";
import { repairsFor, type RepairContext } from "./repairs.ts";
import { shell } from "../lib/shell.ts";

/**
 * Repairs a manifest of the chart `provider`.
 *
 * @param manifest the YAML that Helm rendered
 * @returns the repaired YAML; documents without repairs are unchanged, byte for byte
 * @throws Error with a sentence that names the chart version, when the result would prevent the certificate
 */
export function repairManifest(manifest: string): string {
  const documents = parseManifest(manifest);
  assertWellFormed(documents);
  const objects = objectsIn(documents);
  const { version, context } = release(objects);
  const repaired = repairsFor(version).reduce<readonly KubernetesObject[]>(
    (current, repair) => repair.apply(current, context),
    objects,
  );
  const findings = check(repaired, context);
  if (findings.length > 0) {
    throw new Error(
      `chart ${version} would not give the provider its certificate: ${findings.join("; ")}. ` +
        `Nothing was applied. Deploy a chart version that docs/architecture.md lists (${shell`pulumi config set -s 'STACK' chartVersion ${chartVersion}`}), or check the setting \`values\``,
    );
  }
  return formatManifest(replaceObjects(documents, repaired));
}

/** Reads the chart's version, the release's name and the parameters from the manifest. */
function release(objects: readonly KubernetesObject[]): {
  readonly version: string;
  readonly context: RepairContext;
} {
  const serviceAccount = objects.find(
    ({ kind, metadata }) =>
      kind === "ServiceAccount" && metadata?.annotations?.[parametersAnnotation] !== undefined,
  );
  const { annotations, labels, name } = serviceAccount?.metadata ?? {};
  const parameters = annotations?.[parametersAnnotation];
  const version = /^.*?-(\d+\.\d+\.\d+.*)$/.exec(labels?.["helm.sh/chart"] ?? "")?.[1];
  if (parameters === undefined || version === undefined || name === undefined) {
    throw new Error(
      `the chart rendered no ServiceAccount with the annotation ${parametersAnnotation} and the label helm.sh/chart; ` +
        "do not turn off serviceAccount.create in the setting `values`",
    );
  }
  return {
    version: version.replace("_", "+"),
    context: {
      names: releaseNames(name, { fullnameOverride: name }),
      parameters: decodeParameters(parameters),
    },
  };
}

function replaceObjects(
  documents: readonly ManifestDocument[],
  objects: readonly KubernetesObject[],
): ManifestDocument[] {
  const byIdentity = new Map(objects.map((object) => [identity(object), object]));
  return documents.map((document) =>
    document.object === undefined
      ? document
      : withObject(document, byIdentity.get(identity(document.object))),
  );
}

function identity({ apiVersion, kind, metadata }: KubernetesObject): string {
  return [apiVersion, kind, metadata?.namespace, metadata?.name].join("/");
}
