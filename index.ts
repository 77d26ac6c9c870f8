import "./startup/debugMessages.ts";
import "./startup/sourcePositions.ts";
import type * as pulumi from "@pulumi/pulumi";
import { AkashProvider, clusterProvider, CredentialHooks } from "./components/index.ts";
import { readConfig } from "./config/index.ts";
import { dnsCredential } from "./components/dnsCredential/index.ts";
import { stackOutputs } from "./outputs.ts";

/** The program. What it returns are the stack's outputs. */
export default async function program(): Promise<pulumi.Inputs> {
  const config = readConfig();
  // Before the lookups at the cloud, so that the plugins of both start at once.
  const kubernetes = clusterProvider(config.kubeContext);
  const credential = await dnsCredential("dns", config, new CredentialHooks(config));
  const provider = new AkashProvider(
    "provider",
    { config, credential },
    { providers: { kubernetes } },
  );
  return stackOutputs(config, provider, credential);
}
