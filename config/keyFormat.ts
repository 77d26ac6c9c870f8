import { lt, valid } from "semver";
import type { Settings } from "./settings.ts";
import { printableLine } from "../lib/printable.ts";
import { shell } from "../lib/shell.ts";
import { valueAt } from "../lib/tree.ts";

/**
 * The first image of the provider that reads a key exported with argon2: the first with cosmos-sdk 0.53
 * (akash-network/provider v0.10.0-rc0, go.mod). The image before has 0.45, whose crypto/armor.go supports only bcrypt.
 */
export const firstImageWithArgon2 = "0.10.0-rc0";

/** The first chart version with such an image (Chart.yaml, appVersion). */
const firstChartWithArgon2 = "14.0.0";

/** The key derivation function of the exported key, from the armor's header `kdf`; undefined without the header. */
export function keyDerivation(walletKey: string): string | undefined {
  return /^kdf: *(\S+)/m.exec(walletKey)?.[1];
}

/**
 * Whether the provider cannot read a key exported by a newer program, and so would not become ready.
 *
 * @param image tag of the image, if set; a tag that is not a version is ignored
 * @param chart version of the chart, whose image is used without a tag
 */
export function isUnreadableKey(
  walletKey: string,
  image: string | undefined,
  chart: string | undefined,
): boolean {
  if (keyDerivation(walletKey) !== "argon2") {
    return false;
  }
  if (image !== undefined && image !== "") {
    const version = valid(image);
    return version !== null && lt(version, firstImageWithArgon2);
  }
  return chart !== undefined && valid(chart) !== null && lt(chart, firstChartWithArgon2);
}

type KeySettings = {
  readonly [Name in "walletKey" | "chartVersion" | "values"]?: Settings[Name] | undefined;
};

/** The warning about a key that the provider's image cannot read, before Helm waits for the pod. */
export function keyWarnings(
  { walletKey, chartVersion, values }: KeySettings,
  stack: string,
): readonly string[] {
  const tag = valueAt(values, "image.tag");
  const image = typeof tag === "string" || typeof tag === "number" ? String(tag) : undefined;
  if (walletKey === undefined || !isUnreadableKey(walletKey, image, chartVersion)) {
    return [];
  }
  const name = image === undefined || image === "" ? `of chart ${chartVersion ?? ""}` : image;
  const fix =
    image === undefined || image === ""
      ? shell`pulumi config rm -s ${stack} chartVersion`
      : shell`pulumi config rm -s ${stack} --path values.image.tag`;
  return [
    `walletKey is encrypted with argon2 (kdf in its first lines), which the provider's image ${printableLine(name)} cannot read: only ${firstImageWithArgon2} and later can. ` +
      `Export it with an earlier provider-services, or use a later image.\n      ${fix}`,
  ];
}
