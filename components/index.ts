export { AkashProvider, type AkashProviderArgs } from "./akashProvider.ts";
