import { closest, distance } from "fastest-levenshtein";
import { settings } from "./settings.ts";

/** The settings by their different names in the chart's `provider.yaml`. */
const chartNames: Readonly<Record<string, string>> = {
  key: "walletKey",
  keysecret: "walletPassword",
  bidpricescript: "bidPriceScript",
  letsEncrypt: "acmeDirectory",
  gatewayApi: "ingress",
};

/** The largest number of differing letters of a typing error. */
export const nearMiss = 3;

/** The end of the message that refuses an unknown setting: a suggested name, if any. */
export function suggestion(name: string): string {
  const meant = chartNames[name] ?? closest(name, Object.keys(settings));
  return name in chartNames || distance(name.toLowerCase(), meant.toLowerCase()) <= nearMiss
    ? `; it is called ${meant}`
    : "";
}
