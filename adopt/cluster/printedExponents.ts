import { isWrittenAsYaml } from "../../chart/values.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import { decimalText, goText, hasExponent } from "../../lib/numbers.ts";
import { leaves } from "../../lib/tree.ts";

/** A number with an exponent in the release, which the next `up` prints as digits. */
export interface PrintedExponent {
  readonly path: string;
  /** Such as `1e+07`. */
  readonly printed: string;
  /** Such as `10000000`. */
  readonly digits: string;
}

/**
 * The values of a release that Helm printed with an exponent: Helm reads values from `-f` as floating point, and values
 * from `--set` become floating point with the next upgrade.
 */
export function printedExponents({ config = {}, manifest }: HelmRecord): PrintedExponent[] {
  return leaves(config, { lists: true }).flatMap(([path, value]) =>
    typeof value === "number" &&
    hasExponent(value) &&
    !isWrittenAsYaml(path.split(".")) &&
    manifest.includes(goText(value))
      ? [{ path, printed: goText(value), digits: decimalText(value) }]
      : [],
  );
}
