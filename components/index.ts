/**
 * Components for a Pulumi program that runs an Akash provider with a Let's Encrypt certificate. `examples/own-program` uses
 * them without this project's configuration.
 */
export {
  AkashProvider,
  type AkashProviderArgs,
  type ChartSource,
  type Wallet,
} from "./akashProvider.ts";
export { ArgumentError } from "./argumentError.ts";
export { Cluster, type ClusterArgs } from "./cluster.ts";
export {
  CloudflareDnsCredential,
  type CloudflareDnsCredentialArgs,
} from "./dnsCredential/cloudflare/cloudflareDnsCredential.ts";
export {
  cloudflareCredential,
  type CloudflareCredentialOptions,
} from "./dnsCredential/cloudflare/cloudflareCredential.ts";
export {
  providerConsumer,
  type CredentialConsumer,
  type ProviderConsumerArgs,
} from "./dnsCredential/consumer.ts";
export type { DnsCredential, ManagedDnsCredential } from "./dnsCredential/credential.ts";
export {
  GcpDnsCredential,
  type GcpDnsCredentialArgs,
} from "./dnsCredential/googleCloud/gcpDnsCredential.ts";
export {
  googleCloudCredential,
  type GoogleCloudCredentialOptions,
} from "./dnsCredential/googleCloud/googleCloudCredential.ts";
export {
  certificateDeleteHook,
  IngressCertificate,
  type IngressCertificateArgs,
} from "./ingressCertificate/ingressCertificate.ts";
export { ingressConsumer, type IngressConsumerArgs } from "./ingressCertificate/consumer.ts";
export type { GatewayPlace, IngressPlace, IngressPlaceArgs } from "./ingressCertificate/place.ts";
export { dnsCredential, type DnsCredentialOptions } from "./dnsCredential/index.ts";
export {
  credentialDeleteHook,
  proofHooks,
  type CredentialProtection,
} from "./dnsCredential/hooks.ts";
export type { CloudAccess } from "../dns/access.ts";
export type { DnsProvider } from "../chart/release.ts";
export type {
  ChartSettings,
  ChartValues,
  GatewayApi,
  Ingress,
  Network,
  Pricing,
  ProviderAttribute,
} from "../chart/values.ts";
