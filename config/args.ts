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

/** The protection of a stack's DNS credential, also when the stack no longer has one. */
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
    // The Secret of the first consumer has the rotation's annotations, so a consumer with a Secret comes first.
    consumers: dnsProvider === undefined ? [...ingress, provider] : [provider, ...ingress],
    access: plugins,
  };
}

/** Where a stack's wildcard certificate is stored. */
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
 * A stack's wildcard certificate; undefined without the setting `wildcard`.
 *
 * @param deleteHook the hook from `certificateDeleteHook`
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
 * The options of a stack's DNS credential; undefined where no certificate needs one.
 *
 * @param deleteHook the hook from `credentialDeleteHook`
 * @param rotation the result of `deployedRotation`. Default: the setting
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
  // The outputs handle the maximum age of a credential.
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
    // With HTTP-01 the credential is only for the wildcard certificate.
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
