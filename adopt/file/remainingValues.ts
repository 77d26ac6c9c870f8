import { isMap, isUnset, type ValueMap } from "../../lib/json.ts";
import { decimalText } from "../../lib/numbers.ts";
import { leaves, valueAt, without } from "../../lib/tree.ts";

/** A problem in the file that prevents the adoption. */
export interface Problem {
  /** The value's path in the file. */
  readonly path: string;
  /** The problem, as text that follows the path. Contains no value. */
  readonly problem: string;
}

/** A value that the stack does not use. */
export interface Dropped {
  readonly path: string;
  /** The reason, as a sentence without its full stop. */
  readonly why: string;
}

/**
 * The values of a file while they are translated: taken values have a setting; the remaining values are for the setting
 * `values`.
 */
export class RemainingValues {
  /** The values that are not taken yet. */
  rest: ValueMap;
  readonly dropped: Dropped[] = [];
  readonly problems: Problem[] = [];

  /**
   * @param values the file's values
   * @param maps paths that must be maps, if they are there
   * @param defaults the chart's own values: an empty value removes one of them, and has no effect elsewhere
   */
  constructor(values: ValueMap, maps: readonly string[], defaults: ValueMap) {
    this.rest = values;
    for (const [path] of leaves(values).filter(([, value]) => value === null)) {
      this.rest = without(this.rest, path);
      // The plugin drops it before it calls Helm (pulumi-kubernetes, provider/pkg/provider/helm_release.go, Check).
      this.dropped.push({
        path,
        why: isUnset(valueAt(defaults, path))
          ? "It is empty"
          : "It is empty, which removes the chart's own value; Pulumi cannot do that, and the next up restores the value",
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
   * Takes a text. A boolean becomes the text that the chart would render, and a number its digits.
   *
   * @param empty the meaning of an empty text. Default: a missing value
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

  /** Takes a boolean, as the chart's `if` evaluates it: any text is true. */
  flag(path: string): boolean | undefined {
    const value = this.take(path);
    if (value === undefined || typeof value === "boolean") {
      return value;
    }
    if (typeof value === "string" || typeof value === "number") {
      if (/^(false|no|off|n)$/i.test(String(value))) {
        this.dropped.push({ path, why: "It is text in quotes, which the chart evaluates as true" });
      }
      return value !== "" && value !== 0;
    }
    this.refuse(path, "is neither true nor false");
    return undefined;
  }

  /** Takes base64 as the chart requires it, and returns the decoded text. */
  base64(path: string): string | undefined {
    const encoded = this.text(path)?.replace(/\s+/g, "");
    if (encoded === undefined) {
      return undefined;
    }
    const bytes = Buffer.from(encoded, "base64");
    const padded = encoded.padEnd(Math.ceil(encoded.length / 4) * 4, "=");
    const text = bytes.toString("utf8");
    if (bytes.toString("base64") !== padded || !Buffer.from(text).equals(bytes)) {
      this.refuse(path, "is not base64-encoded text");
      return undefined;
    }
    return text;
  }

  /** Drops the value at a path, if there is one, and records the reason. */
  drop(path: string, why: string): void {
    if (this.take(path) !== undefined) {
      this.dropped.push({ path, why });
    }
  }

  refuse(path: string, problem: string): void {
    this.problems.push({ path, problem });
  }
}
