import * as pulumi from "@pulumi/pulumi";
import { defaultGatewayName, defaultGatewayNamespace, ingressDomain } from "../chart/gateway.ts";
import { defaultNamespace, providerHost } from "../chart/release.ts";
import {
  ingressConsumer,
  providerConsumer,
  type AkashProviderArgs,
  type Cluster,
  type ClusterArgs,
  type CredentialProtection,
  type DnsCredential,
  type DnsCredentialOptions,
  type IngressCertificateArgs,
  type IngressPlaceArgs,
} from "../components/index.ts";
import type { Config, Wildcard } from "./index.ts";

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
  const { challenge, namespace, releaseName, values, plugins, wildcard } = config;
  const dnsProvider = challenge.type === "dns-01" ? challenge.dns.provider : undefined;
  const provider = providerConsumer({ dnsProvider, namespace, releaseName, values });
  const ingress =
    wildcard === undefined
      ? []
      : [
          ingressConsumer({
            dnsProvider: wildcard.dns.provider,
            ...ingressPlaceArgs(config, wildcard),
          }),
        ];
  return {
    cluster,
    // The first one's Secret has the rotation's annotations, so one with a Secret comes first.
    consumers: dnsProvider === undefined ? [...ingress, provider] : [provider, ...ingress],
    access: plugins,
  };
}

/** Where a stack's wildcard certificate goes. */
function ingressPlaceArgs(
  { domain, ingress }: Config,
  { names, namespace, secretName }: Wildcard,
): IngressPlaceArgs {
  return {
    ...{ domain, names, namespace, secretName },
    gateway: ingress.mode === "gateway-api" && {
      name: ingress.gatewayName ?? defaultGatewayName,
      namespace: ingress.gatewayNamespace ?? defaultGatewayNamespace,
    },
  };
}

/**
 * A stack's wildcard certificate; none where it has no such setting.
 *
 * @param deleteHook what `certificateDeleteHook` has registered
 */
export function ingressArgs(
  config: Config,
  cluster: Cluster,
  credential: DnsCredential | undefined,
  deleteHook: pulumi.ResourceHook,
): IngressCertificateArgs | undefined {
  const { directoryUrl, email, wildcard } = config;
  return wildcard === undefined || credential === undefined
    ? undefined
    : {
        ...ingressPlaceArgs(config, wildcard),
        ...{ cluster, credential, directoryUrl, email, deleteHook },
      };
}

/**
 * What a stack's DNS credential is made from; none where no certificate needs one.
 *
 * @param deleteHook what `credentialDeleteHook` has registered
 * @param rotation what `deployedRotation` has found. Default: the setting
 */
export function credentialOptions(
  { challenge, dns, domain, wildcard }: Config,
  protection: CredentialProtection,
  deleteHook: pulumi.ResourceHook,
  rotation = dns?.rotation,
): DnsCredentialOptions | undefined {
  if (dns === undefined) {
    return undefined;
  }
  const hosts = [
    ...(challenge.type === "dns-01" ? [providerHost(domain)] : []),
    ...(wildcard === undefined
      ? []
      : [ingressDomain(domain), ...wildcard.names.map((name) => name.replace(/^\*\./, ""))]),
  ];
  const common = { ...protection, domain, hosts, deleteHook, rotation };
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
    ...{ cluster, namespace, releaseName, wallet, timeout, maxHistory },
    // Under HTTP-01 the credential is for the wildcard certificate alone.
    credential: config.challenge.type === "dns-01" ? credential : undefined,
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
