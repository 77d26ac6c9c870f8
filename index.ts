import "./sourcePositions.ts";
import type * as pulumi from "@pulumi/pulumi";
import { releaseNames } from "./chart/release.ts";
import { chartValues } from "./chart/values.ts";
import { AkashProvider, clusterProvider } from "./components/index.ts";
import { readConfig } from "./config.ts";
import { stackOutputs } from "./outputs.ts";

/** The program. What it returns are the stack's outputs. */
export default function program(): pulumi.Inputs {
  const config = readConfig();
  const values = chartValues(config, { type: "http-01" });
  const provider = new AkashProvider(
    "provider",
    { ...config, values },
    { providers: { kubernetes: clusterProvider(config.kubeContext) } },
  );
  return stackOutputs(config, releaseNames(config.releaseName, values), provider);
}
