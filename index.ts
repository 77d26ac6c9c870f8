import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { releaseNames } from "./chart/release.ts";
import { chartValues } from "./chart/values.ts";
import { AkashProvider } from "./components/index.ts";
import { readConfig } from "./config.ts";
import { stackOutputs } from "./outputs.ts";

/** The program. What it returns are the stack's outputs. */
export default function program(): pulumi.Inputs {
  const config = readConfig();
  const cluster = new kubernetes.Provider("cluster", {
    ...(config.kubeContext !== undefined && { context: config.kubeContext }),
    // A Secret's new content must take the place of the old in one step, without a moment in which it is missing.
    enableSecretMutable: true,
  });
  const values = chartValues(config, { type: "http-01" });
  const provider = new AkashProvider(
    "provider",
    { ...config, values },
    { providers: { kubernetes: cluster } },
  );
  return stackOutputs(config, releaseNames(config.releaseName, values), provider);
}
