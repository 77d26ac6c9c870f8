import { isWrittenAsYaml } from "../../chart/values.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import { decimalText, goText, hasExponent } from "../../lib/numbers.ts";
import { leaves } from "../../lib/tree.ts";

/** A number that the release has with an exponent, where its next `up` prints the digits. */
export interface PrintedExponent {
  readonly path: string;
  /** Such as `1e+07`. */
  readonly printed: string;
  /** Such as `10000000`. */
  readonly digits: string;
}

/**
 * The values of a release that Helm has printed with an exponent: those given with `-f` are fractions for it, and those
 * given with `--set` become fractions with the next upgrade.
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
