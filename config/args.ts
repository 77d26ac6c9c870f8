import * as pulumi from "@pulumi/pulumi";
import { defaultNamespace } from "../chart/release.ts";
import {
  providerConsumer,
  type AkashProviderArgs,
  type Cluster,
  type ClusterArgs,
  type CredentialProtection,
  type DnsCredential,
  type DnsCredentialOptions,
} from "../components/index.ts";
import type { Config } from "./index.ts";

/** The cluster of a stack. */
export function clusterArgs(config: Config): ClusterArgs {
  const { kubeContext, kubeconfig, namespace, releaseName, values, contextSetting } = config;
  return {
    context: kubeContext,
    ...(kubeconfig !== undefined && {
      kubeconfig: kubeconfig.isPath ? kubeconfig.value : pulumi.secret(kubeconfig.value),
    }),
    deployed: { namespace, releaseName, values, contextSetting },
  };
}

/** What protects a stack's DNS credential, also when the stack has none any more. */
export function credentialProtection(config: Config, cluster: Cluster): CredentialProtection {
  const { challenge, namespace, releaseName, values, plugins } = config;
  const dnsProvider = challenge.type === "dns-01" ? challenge.dns.provider : undefined;
  return {
    cluster,
    consumers: [providerConsumer({ dnsProvider, namespace, releaseName, values })],
    access: plugins,
  };
}

/**
 * What a stack's DNS credential is made from; none under HTTP-01.
 *
 * @param deleteHook what `credentialDeleteHook` has registered
 */
export function credentialOptions(
  { challenge, domain }: Config,
  protection: CredentialProtection,
  deleteHook: pulumi.ResourceHook,
): DnsCredentialOptions | undefined {
  if (challenge.type === "http-01") {
    return undefined;
  }
  const { dns } = challenge;
  const common = { ...protection, domain, deleteHook };
  // How old a credential may get is the outputs' business.
  switch (dns.provider) {
    case "googleCloud": {
      const { maxAgeDays: _, provider: dnsProvider, ...options } = dns;
      return { dnsProvider, ...options, ...common };
    }
    case "cloudflare": {
      const { maxAgeDays: _, provider: dnsProvider, ...options } = dns;
      return { dnsProvider, ...options, ...common };
    }
  }
}

/** A stack's provider. */
export function providerArgs(
  config: Config,
  cluster: Cluster,
  credential: DnsCredential | undefined,
): AkashProviderArgs {
  const { attributes, directoryUrl, domain, email, ingress, storageClass, values, website } =
    config;
  const { maxHistory, namespace, releaseName, timeout, wallet } = config;
  return {
    ...{ cluster, credential, namespace, releaseName, wallet, timeout, maxHistory },
    ...{ attributes, directoryUrl, domain, email, ingress, storageClass, values, website },
    account: config.from,
    ...(config.namespaceAlias !== undefined &&
      namespace !== defaultNamespace && {
        formerNamespace: { namespace: defaultNamespace, setting: config.namespaceAlias },
      }),
    chart: { source: config.chart, version: config.chartVersion },
    network: {
      node: config.node,
      chainId: config.chainid,
      withdrawalPeriod: config.withdrawalperiod,
    },
    pricing: {
      script: config.bidPriceScript,
      targets: config.priceTargets,
      minimumDeposit: config.bidmindeposit,
    },
  };
}
