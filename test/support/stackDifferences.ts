import { z } from "zod";
import { isMap, parseJson } from "../../lib/json.ts";

/** One difference between two states of a stack. */
export interface Difference {
  /** The resource: its URN without stack and project, which is the same in each stack. */
  readonly resource: string;
  /** Path in the resource as in the state, such as `inputs.data["key.txt"]`; or one of {@link wholes}. */
  readonly property: string;
  /** The previous value, as JSON; secrets are not shown. */
  readonly before: string;
  readonly after: string;
}

/** An intended difference, or several of one resource. */
export const purposefulDifferenceSchema = z.strictObject({
  /** Names of the stacks that have it. */
  stacks: z.array(z.string().min(1)).min(1),
  resource: z.string().min(1),
  /** Paths as in a {@link Difference}; each includes all paths below it. */
  properties: z.array(z.string().min(1)).min(1),
  reason: z.string().min(1),
});
export type PurposefulDifference = z.output<typeof purposefulDifferenceSchema>;

/** Differences that are not of one property. */
export const wholes = {
  /** The resource exists only before or only after. */
  resource: "(resource)",
  /** The engine's operation on the resource, if it is more than an update of properties. */
  operation: "(operation)",
} as const;

/** A resource in the form of the state and the engine's events. */
export type ResourceState = Readonly<Record<string, unknown>> & { readonly urn: string };

/** The compared part of the output of `pulumi stack export`. */
export interface ExportedStack {
  readonly deployment: { readonly resources?: readonly ResourceState[] };
}

/** The compared part of an engine event, as `pulumi preview --event-log <file>` writes it. */
export interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: Step };
  readonly resOutputsEvent?: { readonly metadata: Step };
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly old?: ResourceState | null;
  readonly new?: ResourceState | null;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** Fields about when and where something was written, which are not compared. */
const unimportant = new Set(["created", "modified", "sourcePosition", "stackTrace"]);
/** Sets, which the state writes as unordered lists. */
const sets = /^(dependencies|propertyDependencies\..+|propertyDependencies\[.+)$/;

const missing = "(missing)";

/**
 * All differences between two exports of a stack, both with `--show-secrets`: without it, a secret's ciphertext
 * differs each time.
 */
export function stateDifferences(before: ExportedStack, after: ExportedStack): Difference[] {
  const [old, current] = [byKey(before), byKey(after)];
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((resource) =>
    resourceDifferences(resource, old.get(resource), current.get(resource)),
  );
}

/**
 * All differences between a stack and the result of its preview. Secrets have the same text in both.
 *
 * @param events all events of a preview
 */
export function previewDifferences(events: readonly EngineEvent[]): Difference[] {
  return previewedSteps(events).flatMap(stepDifferences);
}

/** The resources in a preview's events. */
export function previewedResources(events: readonly EngineEvent[]): string[] {
  return [...new Set(previewedSteps(events).map(({ urn }) => resourceOf(urn)))];
}

/**
 * The unexpected differences of a stack, which no entry lists.
 *
 * @param stack its name in the list
 * @returns one text for each resource
 */
export function unlisted(
  stack: string,
  differences: readonly Difference[],
  purposeful: readonly PurposefulDifference[],
): string[] {
  const entries = purposeful.filter(({ stacks }) => stacks.includes(stack));
  return byResource(
    differences
      .filter(
        (difference) =>
          !entries.some((entry) =>
            entry.properties.some((property) => covers(entry, property, difference)),
          ),
      )
      .map(({ resource, property, before, after }) => [
        resource,
        `${property}: ${before} -> ${after}`,
      ]),
  );
}

/**
 * The unused entries of the list: differences that the stack does not have.
 *
 * @param stack its name in the list
 * @returns one text for each resource
 */
export function notSeen(
  stack: string,
  differences: readonly Difference[],
  purposeful: readonly PurposefulDifference[],
): string[] {
  return byResource(
    purposeful
      .filter(({ stacks }) => stacks.includes(stack))
      .flatMap((entry) =>
        entry.properties
          .filter((property) => !differences.some((each) => covers(entry, property, each)))
          .map((property) => [entry.resource, `${property}: listed, and not different`] as const),
      ),
  );
}

/** The texts of each resource, without duplicates. */
function byResource(found: readonly (readonly [resource: string, text: string])[]): string[] {
  return [...Map.groupBy(found, ([resource]) => resource)].map(([resource, texts]) =>
    [resource, ...new Set(texts.map(([, text]) => `  ${text}`))].join("\n"),
  );
}

function covers(
  { resource }: PurposefulDifference,
  property: string,
  difference: Difference,
): boolean {
  const path = difference.property;
  return (
    resource === difference.resource &&
    path.startsWith(property) &&
    ["", ".", "["].includes(path.charAt(property.length))
  );
}

/**
 * The resources of an export by the end of their URN; a replaced resource that is pending deletion counts
 * separately.
 */
function byKey({ deployment }: ExportedStack): Map<string, ResourceState> {
  return new Map(
    (deployment.resources ?? []).map((state) => [
      state.delete === true ? `${resourceOf(state.urn)} (to be deleted)` : resourceOf(state.urn),
      state,
    ]),
  );
}

/** `urn:pulumi:<stack>::<project>::<types>::<name>`; a name may also contain colons. */
function resourceOf(urn: string): string {
  return urn.split("::").slice(2).join("::");
}

function resourceDifferences(
  resource: string,
  before: ResourceState | undefined,
  after: ResourceState | undefined,
): Difference[] {
  if (before === undefined || after === undefined) {
    const [was, is] = before === undefined ? [missing, "made"] : ["there", missing];
    return [{ resource, property: wholes.resource, before: was, after: is }];
  }
  const [old, current] = [leaves(before), leaves(after)];
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((property) => {
    const [was, is] = [old.get(property), current.get(property)];
    return was?.text === is?.text && was?.secret === is?.secret
      ? []
      : [{ resource, property, ...shown(was, is) }];
  });
}

/** The last event of each step: the outputs of components and of the stack come after everything else. */
function previewedSteps(events: readonly EngineEvent[]): Step[] {
  const steps = events
    .map(({ resourcePreEvent, resOutputsEvent }) => resOutputsEvent ?? resourcePreEvent)
    .filter((event) => event !== undefined)
    .map(({ metadata }) => [`${metadata.op} ${metadata.urn}`, metadata] as const);
  return [...new Map(steps).values()];
}

function stepDifferences({ op, urn, old, new: current, detailedDiff }: Step): Difference[] {
  const resource = resourceOf(urn);
  const [before, after] = [old ?? undefined, current ?? undefined];
  if (op === "same" || before === undefined || after === undefined) {
    return resourceDifferences(resource, before, after);
  }
  const properties = resourceDifferences(resource, promised(before), promised(after));
  if (op === "update" && properties.length > 0) {
    return properties;
  }
  const paths = Object.keys(detailedDiff ?? {}).sort();
  const why = paths.length === 0 ? op : `${op} for ${paths.join(", ")}`;
  return [...properties, { resource, property: wholes.operation, before: "same", after: why }];
}

/** A resource without the values that the provider sets, which the preview of a change does not know. */
function promised({ id: _id, outputs: _outputs, ...state }: ResourceState): ResourceState {
  return state;
}

/** The end of a path in a resource: a value without parts. */
interface Leaf {
  readonly text: string;
  readonly secret: boolean;
}

function shown(
  before: Leaf | undefined,
  after: Leaf | undefined,
): Pick<Difference, "before" | "after"> {
  const hidden = before?.secret === true || after?.secret === true;
  const show = (leaf: Leaf | undefined, other: string) => {
    if (leaf === undefined) {
      return missing;
    }
    // A value that is secret on one side only still counts as secret.
    return hidden ? (leaf.secret ? `[${other}secret]` : "[not secret]") : leaf.text;
  };
  const another = before?.secret === after?.secret ? "other " : "";
  return { before: show(before, ""), after: show(after, another) };
}

/** The leaves of a resource by their paths. */
function leaves(state: ResourceState): Map<string, Leaf> {
  const found = new Map<string, Leaf>();
  const add = (path: string, value: unknown, secret: boolean) => {
    const revealed = secretOf(value);
    if (revealed !== undefined) {
      add(path, revealed.value, true);
      return;
    }
    const parts = partsOf(path, value);
    if (parts.length === 0) {
      found.set(path, { text: JSON.stringify(value) ?? "", secret });
    }
    for (const [part, item] of parts) {
      add(part, item, secret);
    }
  };
  for (const [name, value] of Object.entries(state)) {
    if (!unimportant.has(name)) {
      add(name, value, false);
    }
  }
  return found;
}

/** The parts of a value, by path; none for an empty or scalar value. */
function partsOf(path: string, value: unknown): [path: string, value: unknown][] {
  if (Array.isArray(value)) {
    return sets.test(path)
      ? value.map((item) => [`${path}[${JSON.stringify(item)}]`, true])
      : value.map((item, index) => [`${path}[${index}]`, item]);
  }
  return isMap(value)
    ? Object.entries(value).map(([name, item]) => [
        /^\w+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`,
        item,
      ])
    : [];
}

/** In Pulumi's state, this key and value mark a map that represents a secret (sdk/go/common/resource/sig). */
const [signatureKey, secretSignature] = [
  "4dabf18193072939515e22adb298388d",
  "1b47061264138c4ac30d75fd1eb44270",
];

/** A secret's value; undefined for a value that is not a secret. */
function secretOf(value: unknown): { readonly value: unknown } | undefined {
  if (!isMap(value) || value[signatureKey] !== secretSignature) {
    return undefined;
  }
  // The engine's events contain only the fact that there is a secret.
  if (value.ciphertext === "[secret]") {
    return { value: undefined };
  }
  if (typeof value.plaintext !== "string") {
    throw new Error("Export the state with --show-secrets.");
  }
  return { value: parseJson(value.plaintext) };
}
