import { z } from "zod";
import { isMap, parseJson } from "../../lib/json.ts";

/** One place in which a stack differs from what it was. */
export interface Difference {
  /** The resource: its URN without stack and project, so that it is the same in each stack. */
  readonly resource: string;
  /** Path in the resource as the state has it, such as `inputs.data["key.txt"]`; or one of {@link wholes}. */
  readonly property: string;
  /** What was there, as JSON; secrets are not shown. */
  readonly before: string;
  readonly after: string;
}

/** A difference that is meant, or several of one resource. */
export const purposefulDifferenceSchema = z.strictObject({
  /** Names of the stacks that have it. */
  stacks: z.array(z.string().min(1)).min(1),
  resource: z.string().min(1),
  /** Paths as in a {@link Difference}; each stands for all that is below it, too. */
  properties: z.array(z.string().min(1)).min(1),
  reason: z.string().min(1),
});
export type PurposefulDifference = z.output<typeof purposefulDifferenceSchema>;

/** What differs where it is not one property. */
export const wholes = {
  /** The resource is there or is not. */
  resource: "(resource)",
  /** What the engine would do with the resource, where that is more than an update of properties. */
  operation: "(operation)",
} as const;

/** A resource, as the state and the engine's events have it. */
export type ResourceState = Readonly<Record<string, unknown>> & { readonly urn: string };

/** What `pulumi stack export` writes, as far as it is compared. */
export interface ExportedStack {
  readonly deployment: { readonly resources?: readonly ResourceState[] };
}

/** An event of the engine, as `pulumi preview --event-log <file>` writes it, as far as it is compared. */
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

/** What tells when and from where something was written, and not what. */
const unimportant = new Set(["created", "modified", "sourcePosition", "stackTrace"]);
/** Sets, which the state writes as lists in any order. */
const sets = /^(dependencies|propertyDependencies\..+|propertyDependencies\[.+)$/;

const missing = "(missing)";

/**
 * Every difference between two exports of a stack, both with `--show-secrets`: without, a secret's text is another one
 * each time.
 */
export function stateDifferences(before: ExportedStack, after: ExportedStack): Difference[] {
  const [old, current] = [byKey(before), byKey(after)];
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((resource) =>
    resourceDifferences(resource, old.get(resource), current.get(resource)),
  );
}

/**
 * Every difference between a stack and what a preview would make of it. Secrets are the same text in both.
 *
 * @param events all of a preview's
 */
export function previewDifferences(events: readonly EngineEvent[]): Difference[] {
  return previewedSteps(events).flatMap(stepDifferences);
}

/** The resources that a preview tells of. */
export function previewedResources(events: readonly EngineEvent[]): string[] {
  return [...new Set(previewedSteps(events).map(({ urn }) => resourceOf(urn)))];
}

/**
 * What is wrong with the differences of a stack: those that no entry lists.
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
 * What is wrong with the list: what it has for a stack and the stack does not have.
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

/** What was found of each resource, without what was found twice. */
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

/** The resources of an export by the end of their URN; one that is replaced and still to be deleted is another. */
function byKey({ deployment }: ExportedStack): Map<string, ResourceState> {
  return new Map(
    (deployment.resources ?? []).map((state) => [
      state.delete === true ? `${resourceOf(state.urn)} (to be deleted)` : resourceOf(state.urn),
      state,
    ]),
  );
}

/** `urn:pulumi:<stack>::<project>::<types>::<name>`; a name may hold colons as well. */
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

/** The last word on each step: the outputs of components and of the stack come after everything else. */
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

/** A resource without what the cloud makes of it, which a preview of a change does not know. */
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
    // What is a secret on one side only is no less one.
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

/** What a value holds, by path; nothing where it is empty or holds nothing. */
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

/** By this key and value Pulumi's state marks a map that stands for a secret (sdk/go/common/resource/sig). */
const [signatureKey, secretSignature] = [
  "4dabf18193072939515e22adb298388d",
  "1b47061264138c4ac30d75fd1eb44270",
];

/** A secret's value; undefined where the value is none. */
function secretOf(value: unknown): { readonly value: unknown } | undefined {
  if (!isMap(value) || value[signatureKey] !== secretSignature) {
    return undefined;
  }
  // The engine's events tell that there is one, and nothing else.
  if (value.ciphertext === "[secret]") {
    return { value: undefined };
  }
  if (typeof value.plaintext !== "string") {
    throw new Error("The state is to be exported with --show-secrets.");
  }
  return { value: parseJson(value.plaintext) };
}
