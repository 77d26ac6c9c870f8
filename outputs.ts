import * as pulumi from "@pulumi/pulumi";
import { wildcardCertificate } from "./chart/gateway.ts";
import { providerHost } from "./chart/release.ts";
import { helm, kubectl } from "./lib/clusterCommand.ts";
import { dnsName } from "./lib/dnsName.ts";
import type { AkashProvider, DnsCredential, IngressCertificate } from "./components/index.ts";
import type { Config } from "./config/index.ts";
import { ageWarning, rotateBy } from "./dns/age.ts";
import { shell, type ShellText } from "./lib/shell.ts";

/** The resources of the program. */
export interface Deployed {
  readonly provider: AkashProvider;
  /** The credential for DNS-01, if any. */
  readonly credential?: DnsCredential | undefined;
  /** The certificate of the tenants' ingress, if any. */
  readonly certificate?: IngressCertificate | undefined;
}

/**
 * The stack's outputs, for the operator's next steps.
 *
 * @param config the stack's configuration
 * @param deployed the resources of the program
 */
export function stackOutputs(
  config: Config,
  { provider, credential, certificate }: Deployed,
): pulumi.Inputs {
  const { namespace, revision, credentialSecret } = provider;
  const { names } = config;
  const { kubeContext } = config;
  const kubeconfig = config.kubeconfig?.isPath === true ? config.kubeconfig.value : undefined;
  const host = providerHost(config.domain);
  const hostInDns = dnsName(host);
  const commandIn = (place: pulumi.Output<string>, tool: typeof kubectl, rest: ShellText) =>
    place.apply((namespace) => tool({ namespace, kubeContext, kubeconfig }, rest));
  const commandFor = (tool: typeof kubectl, rest: ShellText) => commandIn(namespace, tool, rest);
  return {
    /** The host of the certificate, in the operator's spelling. */
    host,
    challenge: config.challenge.type,
    directoryUrl: config.directoryUrl,
    namespace,
    revision,
    ...(credentialSecret !== undefined && { credentialSecret }),
    ...rotationOutputs(config, credential),
    ...(certificate !== undefined && {
      wildcard: {
        names: certificate.dnsNames,
        namespace: certificate.namespace,
        secretName: certificate.secretName,
      },
    }),
    commands: {
      pod: commandFor(kubectl, shell`get pod ${names.pod}`),
      log: commandFor(kubectl, shell`logs ${names.pod} --follow`),
      settings: commandFor(kubectl, shell`get configmap ${names.letsEncryptConfigMap} -o yaml`),
      history: commandFor(helm, shell`history ${config.releaseName}`),
      certificate: shell`openssl s_client -connect ${hostInDns}:8443 -servername ${hostInDns} </dev/null | openssl x509 -noout -subject -issuer -dates`,
      ...(certificate !== undefined && {
        wildcard: commandIn(
          certificate.namespace,
          kubectl,
          shell`wait --for=condition=Ready --timeout=5m certificates.cert-manager.io/${wildcardCertificate}`,
        ),
      }),
    },
  };
}

/** When and how to rotate a credential that the stack created; also warns when the rotation is due. */
function rotationOutputs({ dns }: Config, credential: DnsCredential | undefined): pulumi.Inputs {
  if (dns === undefined || credential?.managed === undefined) {
    return {};
  }
  const { createdAt, expiresAt, urnPattern } = credential.managed;
  const { maxAgeDays } = dns;
  const rotate = shell`pulumi up -s ${pulumi.getStack()} --replace '${urnPattern}'`;
  const life = pulumi.all([createdAt, expiresAt]).apply(([createdAt, expiresAt]) => {
    const warning = ageWarning({ createdAt, expiresAt }, maxAgeDays, rotate);
    if (warning !== undefined) {
      void pulumi.log.warn(warning);
    }
    return { createdAt, rotateBy: rotateBy({ createdAt, expiresAt }, maxAgeDays) };
  });
  return { credential: { createdAt: life.createdAt, rotateBy: life.rotateBy, rotate } };
}
