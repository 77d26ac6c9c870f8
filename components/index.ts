export { AkashProvider, type AkashProviderArgs } from "./akashProvider.ts";
export { clusterProvider } from "./cluster.ts";
export { CredentialHooks } from "./credentialHooks.ts";
