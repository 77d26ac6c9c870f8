import "./startup/environment.ts";
import "./startup/debugMessages.ts";
import "./startup/endedRuns.ts";
import "./startup/failures.ts";
import "./startup/printableMessages.ts";
import "./startup/sourcePositions.ts";
import * as pulumi from "@pulumi/pulumi";
import {
  AkashProvider,
  certificateDeleteHook,
  Cluster,
  credentialDeleteHook,
  dnsCredential,
  IngressCertificate,
} from "./components/index.ts";
import { programNames } from "./components/names.ts";
import {
  clusterArgs,
  credentialOptions,
  credentialProtection,
  ingressArgs,
  providerArgs,
} from "./config/args.ts";
import { deployedRotation } from "./config/deployedRotation.ts";
import { configWarnings, readConfig } from "./config/index.ts";
import { refuseUnusableProxies } from "./lib/proxy.ts";
import { stackOutputs } from "./outputs.ts";
import { refuseOldPulumi } from "./startup/pulumiCli.ts";

/** The program. It returns the stack's outputs. */
export default async function program(): Promise<pulumi.Inputs> {
  refuseUnusableProxies();
  await refuseOldPulumi();
  const config = readConfig();
  for (const sentence of configWarnings()) {
    await pulumi.log.warn(sentence);
  }
  // Before the lookups at the DNS provider, so that both plugins start at the same time.
  const cluster = new Cluster(programNames.cluster, clusterArgs(config));
  const protection = credentialProtection(config, cluster);
  const deleteHook = credentialDeleteHook(programNames.credential, protection);
  const rotation = config.dns && (await deployedRotation(config.dns.rotation));
  const options = credentialOptions(config, protection, deleteHook, rotation);
  const credential = options && (await dnsCredential(programNames.credential, options));
  const provider = new AkashProvider(
    programNames.provider,
    providerArgs(config, cluster, credential),
  );
  // In every run, also for a certificate that was removed from the stack.
  const leftHook = certificateDeleteHook(programNames.ingress, cluster);
  const ingress = ingressArgs(config, cluster, credential, leftHook);
  const certificate = ingress && new IngressCertificate(programNames.ingress, ingress);
  return stackOutputs(config, { provider, credential, certificate });
}
