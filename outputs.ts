import * as pulumi from "@pulumi/pulumi";
import { releaseNames } from "./chart/release.ts";
import type { AkashProvider } from "./components/index.ts";
import type { Config } from "./config.ts";

/**
 * What an operator needs next.
 *
 * @param config the stack's configuration
 * @param provider the deployed provider
 */
export function stackOutputs(config: Config, provider: AkashProvider): pulumi.Inputs {
  const { namespace, revision, credentialSecret } = provider;
  const names = releaseNames(config.releaseName, config.values);
  const kubectl = pulumi.interpolate`kubectl -n ${namespace}`;
  return {
    /** The host that the certificate is for. */
    host: `provider.${config.domain}`,
    challenge: config.challenge.type,
    directoryUrl: config.directoryUrl,
    namespace,
    revision,
    ...(credentialSecret !== undefined && { credentialSecret }),
    commands: {
      pod: pulumi.interpolate`${kubectl} get pod ${names.pod}`,
      log: pulumi.interpolate`${kubectl} logs ${names.pod} --follow`,
      settings: pulumi.interpolate`${kubectl} get configmap ${names.letsEncryptConfigMap} -o yaml`,
      history: pulumi.interpolate`helm -n ${namespace} history ${config.releaseName}`,
      certificate: `openssl s_client -connect provider.${config.domain}:8443 -servername provider.${config.domain} </dev/null | openssl x509 -noout -subject -issuer -dates`,
    },
  };
}
