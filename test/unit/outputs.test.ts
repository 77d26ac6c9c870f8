import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { AkashProvider, IngressCertificate } from "../../components/index.ts";
import { readConfig } from "../../config/index.ts";
import { stackOutputs } from "../../outputs.ts";
import { runProgram } from "../support/mocks.ts";
import { configSource } from "../support/settings.ts";

async function commands(settings: Record<string, string>) {
  const config = readConfig(configSource(settings));
  const provider = {
    namespace: pulumi.output("akash-services"),
    revision: pulumi.output(1),
  } as unknown as AkashProvider;
  const certificate = {
    namespace: pulumi.output("akash-gateway"),
    secretName: pulumi.output("wildcard-ingress-tls"),
    dnsNames: pulumi.output(["*.ingress.example.com"]),
  } as unknown as IngressCertificate;
  const { outputs } = await runProgram("home", () =>
    stackOutputs(config, { provider, ...(settings.wildcard !== undefined && { certificate }) }),
  );
  return (outputs as { readonly commands: Readonly<Record<string, string>> }).commands;
}

describe("the stack's outputs", () => {
  it("give commands for the stack's cluster, independent of the current context", async () => {
    const { pod, log, settings, history } = await commands({ kubeContext: "prod-eu" });
    for (const command of [pod, log, settings]) {
      assert.match(command ?? "", /^kubectl --context prod-eu -n akash-services /);
    }
    assert.match(history ?? "", /^helm --kube-context prod-eu -n akash-services history /);
  });

  it("wait for the wildcard certificate, if any", async () => {
    const wildcard = '{"issuer":"cert-manager"}';
    const dns = '{"provider":"cloudflare","zone":"example.com"}';
    assert.equal(
      (await commands({ kubeContext: "prod-eu", dns, wildcard })).wildcard,
      "kubectl --context prod-eu -n akash-gateway wait --for=condition=Ready --timeout=5m certificates.cert-manager.io/wildcard-ingress",
    );
    assert.equal((await commands({})).wildcard, undefined);
  });

  it("name no context where the stack names none", async () => {
    assert.doesNotMatch(Object.values(await commands({})).join("\n"), /-context/);
  });
});
