/**
 * Names and type tokens of the components and their children. They are part of every URN, so none of them may change.
 * Commands that read a state or write an import file use them, too, so this file imports nothing.
 */

/** The program's names of its components and of its cluster's Kubernetes provider. */
export const programNames = {
  cluster: "cluster",
  credential: "dns",
  provider: "provider",
  ingress: "ingress",
} as const;

/** Type tokens of the components. */
export const componentTypes = {
  provider: "akash:provider:AkashProvider",
  googleCloud: "akash:dns:GcpDnsCredential",
  cloudflare: "akash:dns:CloudflareDnsCredential",
  ingress: "akash:ingress:IngressCertificate",
} as const;

/** Type tokens of the resources that the program or its commands search for. */
export const resourceTypes = {
  kubernetesProvider: "pulumi:providers:kubernetes",
  namespace: "kubernetes:core/v1:Namespace",
  secret: "kubernetes:core/v1:Secret",
  release: "kubernetes:helm.sh/v3:Release",
  randomId: "random:index/randomId:RandomId",
  serviceAccount: "gcp:serviceaccount/account:Account",
  zoneGrant: "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember",
  serviceAccountKey: "gcp:serviceaccount/key:Key",
  projectGrant: "gcp:projects/iAMMember:IAMMember",
  apiToken: "cloudflare:index/apiToken:ApiToken",
  accountToken: "cloudflare:index/accountToken:AccountToken",
} as const;

/** Names of the children of an AkashProvider. */
export function providerChildren(component: string) {
  return {
    namespace: `${component}-namespace`,
    wallet: `${component}-wallet`,
    dnsCredential: `${component}-dns-credential`,
    release: `${component}-release`,
  } as const;
}

/** Names of the children of a GcpDnsCredential and a CloudflareDnsCredential. */
export function credentialChildren(component: string) {
  return {
    suffix: `${component}-suffix`,
    account: `${component}-account`,
    grant: `${component}-grant`,
    key: `${component}-key`,
    token: `${component}-token`,
  } as const;
}

/** Names of the children of an IngressCertificate. */
export function ingressChildren(component: string) {
  return {
    namespace: `${component}-namespace`,
    dnsCredential: `${component}-dns-credential`,
    issuer: `${component}-issuer`,
    certificate: `${component}-certificate`,
  } as const;
}
