import { randomInt } from "node:crypto";
import type { Property, Resource } from "../plugin.ts";
import { type Properties, textOf } from "../values.ts";
import { atLeast, keepers } from "./keepers.ts";

/** A class of characters: the input that permits it, the input with its minimum number, and the characters. */
interface CharacterClass {
  readonly allowed: string;
  readonly least: string;
  readonly characters: string;
}

const CLASSES: readonly CharacterClass[] = [
  { allowed: "lower", least: "minLower", characters: "abcdefghijklmnopqrstuvwxyz" },
  { allowed: "upper", least: "minUpper", characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
  { allowed: "numeric", least: "minNumeric", characters: "0123456789" },
  { allowed: "special", least: "minSpecial", characters: "!@#$%&*()-_=+[]{}<>:?" },
];

/** `random:index/randomString:RandomString`, whose id is the text. */
export const randomString = textResource({ result: { output: true } }, textOf);

/**
 * `random:index/randomPassword:RandomPassword`. The official plugin also returns `bcryptHash`. That requires
 * bcrypt, which Node does not have, so it is undefined here.
 */
export const randomPassword = textResource(
  { result: { output: true, secret: true } },
  () => "none",
);

/** @see https://github.com/hashicorp/terraform-provider-random/blob/main/internal/random/string.go */
function textResource(
  outputs: Readonly<Record<string, Property>>,
  idOf: (result: string) => string,
): Resource<object> {
  const classes = CLASSES.flatMap(({ allowed, least }) => [
    [allowed, { default: true, replaces: true }] as const,
    [least, { default: 0, replaces: true, check: atLeast(0) }] as const,
  ]);
  return {
    noImport: true,
    properties: {
      ...Object.fromEntries<Property>(classes),
      length: { required: true, replaces: true, check: atLeast(1) },
      keepers,
      overrideSpecial: { replaces: true },
      // The older name of "numeric".
      number: { default: true, replaces: true },
      ...outputs,
    },
    complete: (_cloud, inputs) => {
      const numeric = inputs.numeric !== false && inputs.number !== false;
      return { ...inputs, numeric, number: numeric };
    },
    checkAll: (inputs) => {
      if (leastLength(inputs) > Number(inputs.length)) {
        return '"length" must not be below the sum of "minLower", "minUpper", "minNumeric" and "minSpecial"';
      }
      return alphabet(inputs) === "" ? "no characters are allowed" : undefined;
    },
    create: (_cloud, inputs) => {
      const result = generate(inputs);
      return Promise.resolve({ id: idOf(result), outputs: { ...inputs, result } });
    },
    read: (_cloud, id, state) => Promise.resolve({ id, outputs: state }),
    delete: () => Promise.resolve(),
  };
}

function generate(inputs: Properties): string {
  const least = CLASSES.flatMap((kind) => pick(charactersOf(kind, inputs), inputs[kind.least]));
  const rest = pick(alphabet(inputs), Number(inputs.length) - least.length);
  return shuffled([...least, ...rest]).join("");
}

function charactersOf({ allowed, characters }: CharacterClass, inputs: Properties): string {
  return allowed === "special" ? textOf(inputs.overrideSpecial) || characters : characters;
}

function alphabet(inputs: Properties): string {
  return CLASSES.filter(({ allowed }) => inputs[allowed] === true)
    .map((kind) => charactersOf(kind, inputs))
    .join("");
}

function leastLength(inputs: Properties): number {
  return CLASSES.reduce((sum, { least }) => sum + Number(inputs[least]), 0);
}

function pick(characters: string, count: unknown): string[] {
  return Array.from(
    { length: Number(count) },
    () => characters[randomInt(characters.length)] ?? "",
  );
}

/** The Fisher-Yates shuffle. */
function shuffled(items: readonly string[]): string[] {
  const result: string[] = [];
  for (const item of items) {
    const place = randomInt(result.length + 1);
    result.push(result[place] ?? "");
    result[place] = item;
  }
  return result;
}
