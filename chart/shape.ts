import { z } from "zod";

/** The API server treats null as an empty text. */
const texts = z.record(z.string(), z.string().nullable()).nullish();
/** No repair reads the value of another program's annotation. */
const annotations = z.record(z.string(), z.unknown()).nullish();
const text = z.string().nullish();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).nullish();

const metadata = z.looseObject({ name: z.string().optional(), namespace: text });
const described = metadata.extend({ labels: texts, annotations: texts });

const container = z.looseObject({
  name: z.string(),
  env: list(z.looseObject({ name: z.string(), value: text })),
  envFrom: list(z.looseObject({ configMapRef: z.looseObject({ name: z.string() }).nullish() })),
  ports: list(z.looseObject({ name: text })),
  volumeMounts: list(z.looseObject({ name: z.string(), mountPath: z.string(), subPath: text })),
  livenessProbe: z
    .looseObject({ exec: z.looseObject({ command: z.array(z.string()).optional() }).nullish() })
    .nullish(),
});

const podTemplate = z.looseObject({
  metadata: z.looseObject({ annotations }).nullish(),
  spec: z.looseObject({
    containers: z.array(container),
    volumes: list(
      z.looseObject({
        name: z.string(),
        secret: z.looseObject({ secretName: z.string() }).nullish(),
        configMap: z.looseObject({ name: z.string() }).nullish(),
      }),
    ),
  }),
});

const anyObject = z.looseObject({ metadata: metadata.nullish() });

/** The fields that the repairs read, by kind of object, in the API server's form. */
const schemas = new Map<unknown, z.ZodType>([
  ["ConfigMap", anyObject.extend({ data: texts })],
  ["ServiceAccount", z.looseObject({ metadata: described.nullish() })],
  ["StatefulSet", anyObject.extend({ spec: z.looseObject({ template: podTemplate }) })],
]);

/**
 * Finds a malformed field of a rendered object, which the repairs cannot read and the API server rejects.
 *
 * @returns the field, such as `data.AP_CERT_ISSUER_EMAIL`; an empty text for a value that is not an object; undefined for a
 *   valid object
 */
export function malformedPlace(object: unknown): string | undefined {
  const { kind } = (object ?? {}) as { readonly kind?: unknown };
  const { error } = (schemas.get(kind) ?? anyObject).safeParse(object);
  return error?.issues[0]?.path.map(String).join(".");
}
