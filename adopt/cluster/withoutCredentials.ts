import {
  formatManifest,
  parseManifest,
  withObject,
  type KubernetesObject,
} from "../../chart/manifest.ts";
import { editConfigMap } from "../../chart/objects.ts";
import type { ReleaseNames } from "../../chart/release.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import type { ValueMap } from "../../lib/json.ts";
import { valueAt, without } from "../../lib/tree.ts";
import { liveCredentials } from "./liveSecrets.ts";

/** A CA's credential for an ACME account, a value of charts before 12.1.3. */
const accountBinding = "letsEncrypt.acme.externalAccountBinding";

/** The same in the issuer's ConfigMap (templates/letsencrypt-configmap.yaml of charts before 12.1.3). */
export const accountBindingEntries: readonly string[] = [
  "AP_CERT_ISSUER_KID",
  "AP_CERT_ISSUER_HMAC",
];

/**
 * A revision without credentials in its values and objects. Everything else is unchanged; without credentials, the same
 * record is returned.
 */
export function withoutCredentials(record: HelmRecord, names: ReleaseNames): HelmRecord {
  const credentials = Object.values(liveCredentials(names));
  const paths = [...credentials.map(({ path }) => path), accountBinding].filter(
    (path) => valueAt(record.config, path) !== undefined,
  );
  const owned = new Set(credentials.map(({ secret }) => secret));
  const documents = parseManifest(record.manifest);
  const kept = documents.map((document) => {
    const { object } = document;
    if (object === undefined) {
      return document;
    }
    return object.kind === "Secret" && owned.has(object.metadata?.name ?? "")
      ? withObject(document, undefined)
      : withObject(document, withoutAccountBinding(object, names));
  });
  const manifest = formatManifest(kept);
  return paths.length === 0 && manifest === record.manifest
    ? record
    : { ...record, config: paths.reduce<ValueMap>(without, record.config ?? {}), manifest };
}

function withoutAccountBinding(
  object: KubernetesObject,
  { letsEncryptConfigMap }: ReleaseNames,
): KubernetesObject | undefined {
  const [edited] = editConfigMap([object], letsEncryptConfigMap, (data) =>
    Object.fromEntries(
      Object.entries(data).filter(([name]) => !accountBindingEntries.includes(name)),
    ),
  );
  return edited;
}
