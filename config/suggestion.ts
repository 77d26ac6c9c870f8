import { closest, distance } from "fastest-levenshtein";
import { settings } from "./settings.ts";

/** What the chart's `provider.yaml` calls differently. */
const chartNames: Readonly<Record<string, string>> = {
  key: "walletKey",
  keysecret: "walletPassword",
  bidpricescript: "bidPriceScript",
  letsEncrypt: "acmeDirectory",
  gatewayApi: "ingress",
};

/** How many letters a name may be off to count as a typing error. */
export const nearMiss = 3;

/** The end of the sentence that refuses an unknown setting: which one may have been meant, if any. */
export function suggestion(name: string): string {
  const meant = chartNames[name] ?? closest(name, Object.keys(settings));
  return name in chartNames || distance(name.toLowerCase(), meant.toLowerCase()) <= nearMiss
    ? `; it is called ${meant}`
    : "";
}
