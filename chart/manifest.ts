import { messageOf } from "../lib/errors.ts";
import { formatYaml, parseYaml } from "../lib/yaml.ts";
import { malformedPlace } from "./shape.ts";

/** A Kubernetes object, for the repairs. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** One document of a manifest: its text as rendered by Helm, and its object (none in an empty document). */
export interface ManifestDocument {
  readonly text: string;
  readonly object: KubernetesObject | undefined;
}

const documentSeparator = /^---(?=\s|$)/m;

/**
 * Splits a manifest into its documents.
 *
 * @throws Error when a document is not valid YAML, with its `# Source:` line
 */
export function parseManifest(manifest: string): ManifestDocument[] {
  return manifest.split(documentSeparator).map((text) => ({ text, object: parseObject(text) }));
}

/** The objects in these documents. */
export function objectsIn(documents: readonly ManifestDocument[]): KubernetesObject[] {
  return documents.map(({ object }) => object).filter((object) => object !== undefined);
}

/** The manifest of these documents. A document with its original object is unchanged, byte for byte. */
export function formatManifest(documents: readonly ManifestDocument[]): string {
  return documents.map(({ text }) => text).join("---");
}

/** The document with another object, and with the comment that names its template. */
export function withObject(
  document: ManifestDocument,
  object: KubernetesObject | undefined,
): ManifestDocument {
  if (object === document.object) {
    return document;
  }
  const text =
    object === undefined ? "\n" : `\n${sourceComment(document.text)}${formatYaml(object)}`;
  return { text, object };
}

function parseObject(text: string): KubernetesObject | undefined {
  // Charts before 14.0.6 repeat labels (templates/service.yaml). In Helm, the last one counts.
  const [document] = parseYaml(text);
  if (document === undefined) {
    return undefined;
  }
  try {
    const [error] = document.errors;
    if (error !== undefined) {
      throw error;
    }
    return (document.toJS() as KubernetesObject | null) ?? undefined;
  } catch (error) {
    throw new Error(
      `the chart rendered invalid YAML${inTemplate(text)}: ${messageOf(error).split("\n")[0] ?? ""}`,
      { cause: error },
    );
  }
}

/**
 * Refuses objects whose form the repairs cannot read.
 *
 * @throws Error with the place in the object, and its `# Source:` line
 */
export function assertWellFormed(documents: readonly ManifestDocument[]): void {
  for (const { text, object } of documents) {
    const wrong = object === undefined ? undefined : malformedPlace(object);
    if (wrong !== undefined) {
      throw new Error(
        `the chart rendered an object that the API server rejects${inTemplate(text)}: ${wrong || "the object"} is of the wrong type. ` +
          "Check the setting `values`",
      );
    }
  }
}

function inTemplate(text: string): string {
  const source = sourceComment(text).trim();
  return source && ` (${source})`;
}

function sourceComment(text: string): string {
  return /^# Source: .*\n/m.exec(text)?.[0] ?? "";
}
