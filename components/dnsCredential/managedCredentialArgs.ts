import type * as pulumi from "@pulumi/pulumi";
import { providerHost } from "../../chart/release.ts";
import type { CloudAccess } from "../../dns/access.ts";
import { dnsName } from "../../lib/dnsName.ts";
import { wrongHostName, type Problem } from "../argumentError.ts";
import type { Cluster } from "../cluster.ts";
import type { CredentialConsumer } from "./consumer.ts";

/** Arguments of every component that makes a DNS credential and rotates it. */
export interface ManagedCredentialArgs {
  /** The cluster of the consumers. */
  readonly cluster: Cluster;
  /** What carries the credential in the cluster. None is deleted while one of them does. */
  readonly consumers: readonly CredentialConsumer[];
  /** The provider's domain: the certificate is for `provider.<domain>`. Plain, since the proof's hook needs it. */
  readonly domain: string;
  /**
   * The hosts whose challenges the credential answers, which the zone holds; that of a wildcard is its parent. Plain, as
   * the domain. Default: `provider.<domain>` alone.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Any text; the credential is replaced when it changes. Default `first`. */
  readonly rotation?: pulumi.Input<string> | undefined;
  /** How long the proof waits until a new credential works everywhere, in seconds. Default 480; 60 for one that is brought. */
  readonly proofTimeout?: number | undefined;
  /** How the component's own calls reach the cloud. Default: as the stack says to the plugin, else as the environment does. */
  readonly access?: CloudAccess | undefined;
  /** What `credentialDeleteHook` has registered under the component's name. Default: the component registers it. */
  readonly deleteHook?: pulumi.ResourceHook | undefined;
}

/** What is wrong with the hosts of a credential, by their paths. */
export function wrongHosts({
  hosts = [],
}: Pick<ManagedCredentialArgs, "hosts">): Readonly<Record<string, Problem>> {
  return Object.fromEntries(hosts.map((host, index) => [`hosts[${index}]`, wrongHostName(host)]));
}

/** The hosts whose challenges a credential answers, in the form of DNS. */
export function challengeHosts({
  domain,
  hosts = [providerHost(domain)],
}: Pick<ManagedCredentialArgs, "domain" | "hosts">): readonly string[] {
  return hosts.map(dnsName);
}
