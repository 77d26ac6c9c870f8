import { isMap, isUnset, type ValueMap } from "../../lib/json.ts";
import { decimalText } from "../../lib/numbers.ts";
import { leaves, valueAt, without } from "../../lib/tree.ts";

/** Something in the file that keeps the provider from being adopted. */
export interface Problem {
  /** The value's path in the file. */
  readonly path: string;
  /** What is wrong with it, to be read after its path. Shows no value. */
  readonly problem: string;
}

/** A value that the stack does without. */
export interface Dropped {
  readonly path: string;
  /** The reason, as a sentence without its full stop. */
  readonly why: string;
}

/**
 * The values of a file while they are translated: what is taken has found its place, what is left is for the setting
 * `values`.
 */
export class RemainingValues {
  /** What nothing has taken yet. */
  rest: ValueMap;
  readonly dropped: Dropped[] = [];
  readonly problems: Problem[] = [];

  /**
   * @param values the file's values
   * @param maps paths that must be maps, if they are there
   * @param defaults the chart's own values: nothing in the place of one of them takes it away, and anywhere else says nothing
   */
  constructor(values: ValueMap, maps: readonly string[], defaults: ValueMap) {
    this.rest = values;
    for (const [path] of leaves(values).filter(([, value]) => value === null)) {
      this.rest = without(this.rest, path);
      // The plugin drops it before Helm sees it (pulumi-kubernetes, provider/pkg/provider/helm_release.go, Check).
      this.dropped.push({
        path,
        why: isUnset(valueAt(defaults, path))
          ? "It is empty"
          : "It is empty, which takes the chart's own value away; Pulumi cannot, and the next up puts that value back",
      });
    }
    for (const path of maps) {
      const value = valueAt(this.rest, path);
      if (value !== undefined && !isMap(value)) {
        this.refuse(path, "is not a map");
        this.rest = without(this.rest, path);
      }
    }
  }

  /** Takes the value at a path. */
  take(path: string): unknown {
    const value = valueAt(this.rest, path);
    this.rest = without(this.rest, path);
    return value;
  }

  /**
   * Takes a text. A truth value counts as the text that the chart would make of it, and a number as its digits.
   *
   * @param empty what an empty text says. Default: nothing, as if it were not there
   */
  text(path: string, empty?: string): string | undefined {
    const value = this.take(path);
    if (value === undefined || typeof value === "string") {
      return value?.trim() === "" ? empty : value;
    }
    if (typeof value === "number") {
      return decimalText(value);
    }
    if (typeof value === "boolean") {
      return String(value);
    }
    this.refuse(path, "is not text");
    return undefined;
  }

  /** Takes a truth value, as the chart's `if` sees it: a text is true, whatever it says. */
  flag(path: string): boolean | undefined {
    const value = this.take(path);
    if (value === undefined || typeof value === "boolean") {
      return value;
    }
    if (typeof value === "string" || typeof value === "number") {
      if (/^(false|no|off|n)$/i.test(String(value))) {
        this.dropped.push({ path, why: "It is text in quotes, which the chart takes for true" });
      }
      return value !== "" && value !== 0;
    }
    this.refuse(path, "is neither true nor false");
    return undefined;
  }

  /** Takes base64 as the chart wants it, and returns the text in it. */
  base64(path: string): string | undefined {
    const encoded = this.text(path)?.replace(/\s+/g, "");
    if (encoded === undefined) {
      return undefined;
    }
    const bytes = Buffer.from(encoded, "base64");
    const padded = encoded.padEnd(Math.ceil(encoded.length / 4) * 4, "=");
    const text = bytes.toString("utf8");
    if (bytes.toString("base64") !== padded || !Buffer.from(text).equals(bytes)) {
      this.refuse(path, "is not the base64 of a text");
      return undefined;
    }
    return text;
  }

  /** Takes the value at a path away, with the reason, if there is one. */
  drop(path: string, why: string): void {
    if (this.take(path) !== undefined) {
      this.dropped.push({ path, why });
    }
  }

  refuse(path: string, problem: string): void {
    this.problems.push({ path, problem });
  }
}
