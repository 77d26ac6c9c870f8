import type { AkashProviderArgs, Cluster } from "../../components/index.ts";
import { requiredSettings, walletKey, walletPassword } from "./settings.ts";

/** The required arguments of an AkashProvider. */
export function providerArguments(cluster: Cluster): AkashProviderArgs {
  return {
    cluster,
    account: requiredSettings.from ?? "",
    domain: "example.com",
    email: "operator@example.com",
    directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
    wallet: { key: walletKey, password: walletPassword },
  };
}
