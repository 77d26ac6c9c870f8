import { messageOf } from "../lib/errors.ts";
import { formatYaml, parseYaml } from "../lib/yaml.ts";
import { malformedPlace } from "./shape.ts";

/** A Kubernetes object as the repairs see it. */
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

/** One document of a manifest: its text as Helm rendered it, and the object in it (none in an empty document). */
export interface ManifestDocument {
  readonly text: string;
  readonly object: KubernetesObject | undefined;
}

const documentSeparator = /^---(?=\s|$)/m;

/**
 * Splits a manifest into its documents.
 *
 * @throws Error when a document is not YAML, with its `# Source:` line
 */
export function parseManifest(manifest: string): ManifestDocument[] {
  return manifest.split(documentSeparator).map((text) => ({ text, object: parseObject(text) }));
}

/** The objects in these documents. */
export function objectsIn(documents: readonly ManifestDocument[]): KubernetesObject[] {
  return documents.map(({ object }) => object).filter((object) => object !== undefined);
}

/** The manifest of these documents. A document whose object is the parsed one comes out byte for byte. */
export function formatManifest(documents: readonly ManifestDocument[]): string {
  return documents.map(({ text }) => text).join("---");
}

/** The document with another object in it, under the comment that says which template it came from. */
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
  // Charts before 14.0.6 repeat labels (templates/service.yaml); for Helm the last one counts.
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
 * Refuses objects of a form that the repairs cannot read.
 *
 * @throws Error with the place in the object, and its `# Source:` line
 */
export function assertWellFormed(documents: readonly ManifestDocument[]): void {
  for (const { text, object } of documents) {
    const wrong = object === undefined ? undefined : malformedPlace(object);
    if (wrong !== undefined) {
      throw new Error(
        `the chart rendered an object that the API server does not take${inTemplate(text)}: ${wrong || "it"} is of another kind there. ` +
          "Look at the setting `values`",
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
