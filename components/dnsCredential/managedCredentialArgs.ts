import type * as pulumi from "@pulumi/pulumi";
import { providerHost } from "../../chart/release.ts";
import type { CloudAccess } from "../../dns/access.ts";
import { dnsName } from "../../lib/dnsName.ts";
import { wrongHostName, type Problem } from "../argumentError.ts";
import type { Cluster } from "../cluster.ts";
import type { CredentialConsumer } from "./consumer.ts";

/** Arguments of every component that creates and rotates a DNS credential. */
export interface ManagedCredentialArgs {
  /** The cluster of the consumers. */
  readonly cluster: Cluster;
  /** The consumers of the credential in the cluster. No credential is deleted while a consumer uses it. */
  readonly consumers: readonly CredentialConsumer[];
  /** The provider's domain: the certificate is for `provider.<domain>`. A plain value, since the proof's hook needs it. */
  readonly domain: string;
  /**
   * The hosts whose challenges the credential answers, all in the zone. The host of a wildcard is its parent. Plain values,
   * as the domain. Default: only `provider.<domain>`.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Any text. A changed text replaces the credential. Default `first`. */
  readonly rotation?: pulumi.Input<string> | undefined;
  /** How long the proof waits for a new credential to work, in seconds. Default 480; 60 for a provided credential. */
  readonly proofTimeout?: number | undefined;
  /** Endpoints and identities for the component's own API calls. Default: those of the stack's plugin, else of the environment. */
  readonly access?: CloudAccess | undefined;
  /** The hook that `credentialDeleteHook` registers under the component's name. Default: the component registers it. */
  readonly deleteHook?: pulumi.ResourceHook | undefined;
}

/** The problems of a credential's hosts, by their paths. */
export function wrongHosts({
  hosts = [],
}: Pick<ManagedCredentialArgs, "hosts">): Readonly<Record<string, Problem>> {
  return Object.fromEntries(hosts.map((host, index) => [`hosts[${index}]`, wrongHostName(host)]));
}

/** The hosts whose challenges a credential answers, in ASCII form. */
export function challengeHosts({
  domain,
  hosts = [providerHost(domain)],
}: Pick<ManagedCredentialArgs, "domain" | "hosts">): readonly string[] {
  return hosts.map(dnsName);
}
