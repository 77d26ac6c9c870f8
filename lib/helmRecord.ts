import { gunzipSync, gzipSync } from "node:zlib";
import type { CoreV1Api, V1ObjectMeta, V1Secret } from "@kubernetes/client-node";
import { valid } from "semver";
import { z } from "zod";
import { metadataOnly } from "./kubernetesApi.ts";
import { helmReleaseName } from "./names.ts";

// Loose objects: a revision that is written back must not lose fields.
const recordSchema = z.looseObject({
  // Names are inserted into commands, and anyone who can write a Secret can choose them.
  name: z.string().regex(helmReleaseName),
  version: z.int().positive(),
  info: z.looseObject({
    /** `deployed`, `superseded`, `failed`, {@link pendingStatuses}, … (pkg/release/status.go). */
    status: z.string().regex(/^[a-z-]+$/),
    description: z.string().optional(),
    /** In RFC 3339 form. */
    last_deployed: z.string().optional(),
  }),
  chart: z.looseObject({
    metadata: z.looseObject({
      name: z.string().regex(/^[\w.-]+$/),
      version: z.string().refine((version) => valid(version) !== null),
    }),
    /** The chart's own values. */
    values: z.record(z.string(), z.unknown()).nullish(),
  }),
  /** The values that were passed to Helm. */
  config: z.record(z.string(), z.unknown()).optional(),
  /** The rendered objects; Helm omits the field without objects. */
  manifest: z.string().default(""),
});

/** Helm's record of one revision of a release (helm.sh/helm/v3, pkg/release), with the fields that this program uses. */
export type HelmRecord = z.infer<typeof recordSchema>;

/**
 * Reads a revision from its Secret.
 *
 * @throws Error when the Secret contains no revision
 */
export function decodeRecord(secret: Pick<V1Secret, "data">): HelmRecord {
  return recordSchema.parse(JSON.parse(recordText(secret)));
}

/** The data of a revision's Secret. */
export function encodeRecord(record: HelmRecord): Record<string, string> {
  return recordData(JSON.stringify(record));
}

/**
 * The JSON text of a revision, from its Secret: gzipped and in base64, which the Secret encodes once more
 * (pkg/storage/driver/util.go).
 *
 * @throws Error when the encoding is different
 */
export function recordText({ data }: Pick<V1Secret, "data">): string {
  const encoded = Buffer.from(data?.release ?? "", "base64").toString();
  return gunzipSync(Buffer.from(encoded, "base64")).toString();
}

/** The data of the Secret for a revision's JSON text. */
export function recordData(text: string): Record<string, string> {
  const encoded = gzipSync(text).toString("base64");
  return { release: Buffer.from(encoded).toString("base64") };
}

/** A selection of revisions by Helm's labels of their Secrets (pkg/storage/driver/secrets.go). */
export interface RecordLabels {
  /** The release's name. */
  readonly name?: string;
  readonly version?: number;
  /** One status, or any of several. */
  readonly status?: string | readonly string[];
}

/**
 * The label selector of the Secrets with Helm's revisions.
 *
 * @param labels Default: none, for every revision of every release
 */
export function recordSelector({ name, version, status }: RecordLabels = {}): string {
  const anyOf = (statuses: readonly string[]) => `status in (${statuses.join(", ")})`;
  return [
    "owner=helm",
    ...(name === undefined ? [] : [`name=${name}`]),
    ...(version === undefined ? [] : [`version=${version}`]),
    ...(status === undefined
      ? []
      : [typeof status === "string" ? `status=${status}` : anyOf(status)]),
  ].join(", ");
}

/**
 * The metadata of the Secrets with Helm's revisions, in any order. The Secrets themselves have up to a megabyte each, and an
 * installation may have thousands.
 *
 * @param core the cluster's API
 * @param labels the selected revisions
 * @param namespace Default: all namespaces
 */
export async function recordMetadata(
  core: Pick<CoreV1Api, "listNamespacedSecret" | "listSecretForAllNamespaces">,
  labels: RecordLabels,
  namespace?: string,
): Promise<readonly V1ObjectMeta[]> {
  const labelSelector = recordSelector(labels);
  const options = await metadataOnly();
  // For metadata only, the cluster returns an empty list as null.
  const { items }: { readonly items: readonly V1Secret[] | null } =
    namespace === undefined
      ? await core.listSecretForAllNamespaces({ labelSelector }, options)
      : await core.listNamespacedSecret({ namespace, labelSelector }, options);
  return (items ?? []).flatMap(({ metadata }) => metadata ?? []);
}

/** The statuses of a revision during a Helm operation, also after the operation was killed. */
export const pendingStatuses: readonly string[] = [
  "pending-install",
  "pending-upgrade",
  "pending-rollback",
];

/** Whether a revision has one of the {@link pendingStatuses}. */
export function isPending(status: string | undefined): boolean {
  return status !== undefined && pendingStatuses.includes(status);
}

/**
 * When Helm set a revision's status, by the labels of its Secret, in seconds since 1970: the first time in one label, each
 * further time in the other.
 *
 * @returns undefined without these labels
 */
export function markedAt({ modifiedAt, createdAt }: Readonly<Record<string, string>> = {}):
  number | undefined {
  const label = modifiedAt ?? createdAt;
  return label === undefined ? undefined : Number(label);
}
