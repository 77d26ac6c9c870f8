import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "./manifest.ts";
import type { ReleaseNames } from "./release.ts";

/** An environment variable of a container. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly [source: string]: unknown;
  };
}

/** A container, with the fields that the repairs read. */
export interface Container {
  readonly name: string;
  readonly env?: readonly EnvironmentVariable[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: unknown }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
  }[];
  readonly livenessProbe?: {
    readonly exec?: { readonly command?: readonly string[] };
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** A pod template, with the fields that the repairs read. */
export interface PodTemplate {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    /** The provider's container is the first. */
    readonly containers: readonly Container[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly secret?: { readonly secretName: string };
      readonly configMap?: { readonly name: string; readonly items?: unknown };
    }[];
  };
}

interface StatefulSet extends KubernetesObject {
  readonly spec: { readonly template: PodTemplate };
}

/** The pod template of the release's StatefulSet, if the chart rendered one. */
export function podTemplate(
  objects: readonly KubernetesObject[],
  names: ReleaseNames,
): PodTemplate | undefined {
  return objects.find((object) => isStatefulSet(object, names))?.spec.template;
}

/** The data of a ConfigMap, if the chart rendered it. */
export function configMapData(
  objects: readonly KubernetesObject[],
  name: string,
): Readonly<Record<string, string>> | undefined {
  // A chart may render `data:` without a value.
  return objects.find((object) => isConfigMap(object, name))?.data ?? undefined;
}

/**
 * The plain environment of the provider's container: the data of its ConfigMaps, overridden by its own entries, without
 * empty values.
 */
export function containerEnvironment(
  objects: readonly KubernetesObject[],
  names: ReleaseNames,
): Readonly<Record<string, string>> {
  const container = podTemplate(objects, names)?.spec.containers[0];
  const environment: Record<string, string> = {};
  for (const { configMapRef } of container?.envFrom ?? []) {
    Object.assign(environment, configMapRef && configMapData(objects, configMapRef.name));
  }
  for (const { name, value } of container?.env ?? []) {
    if (typeof value === "string") {
      environment[name] = value;
    }
  }
  // A null value becomes an empty text, which the issuer treats as unset.
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => Boolean(value)));
}

/** Edits the data of one ConfigMap. An object that the edit does not change stays the same. */
export function editConfigMap(
  objects: readonly KubernetesObject[],
  name: string,
  edit: (data: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  return objects.map((object) => {
    if (!isConfigMap(object, name)) {
      return object;
    }
    const data = object.data ?? {};
    const edited = edit(data);
    return isDeepStrictEqual(edited, data) ? object : { ...object, data: edited };
  });
}

/** Edits the StatefulSet's pod template. An object that the edit does not change stays the same. */
export function editPodTemplate(
  objects: readonly KubernetesObject[],
  names: ReleaseNames,
  edit: (template: PodTemplate) => PodTemplate,
): readonly KubernetesObject[] {
  return objects.map((object) => {
    if (!isStatefulSet(object, names)) {
      return object;
    }
    const template = edit(object.spec.template);
    return template === object.spec.template
      ? object
      : { ...object, spec: { ...object.spec, template } };
  });
}

function isStatefulSet(object: KubernetesObject, names: ReleaseNames): object is StatefulSet {
  return object.kind === "StatefulSet" && object.metadata?.name === names.fullname;
}

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

function isConfigMap(object: KubernetesObject, name: string): object is ConfigMap {
  return object.kind === "ConfigMap" && object.metadata?.name === name;
}
