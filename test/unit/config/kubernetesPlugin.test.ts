import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { clusterArgs, providerArgs } from "../../../config/args.ts";
import { ConfigError, readConfig, type ConfigSource } from "../../../config/index.ts";
import type { Cluster } from "../../../components/index.ts";
import { configSource } from "../../support/settings.ts";

/** The lines of the refusal: a setting with its problem, and the command. */
function refusal(source: ConfigSource): string {
  try {
    readConfig(source);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.problems
      .map(({ setting, problem, command }) => `${setting} ${problem}\n${command}`)
      .join("\n");
  }
  return "";
}

describe("the Kubernetes plugin's settings in the stack's file", () => {
  const source = (
    kubernetes: Readonly<Record<string, string>>,
    values: Readonly<Record<string, string>> = {},
    more: Partial<ConfigSource> = {},
  ): ConfigSource => ({ ...configSource(values), kubernetes, ...more });

  it("are other names of kubeContext and namespace", () => {
    const config = readConfig(source({ context: "prod", namespace: "akash" }));
    assert.equal(config.kubeContext, "prod");
    assert.equal(config.namespace, "akash");
    assert.equal(clusterArgs(config).context, "prod");
    assert.equal(clusterArgs(config).deployed?.contextSetting, "kubernetes:context");
  });

  it("may have the same values as those, and no others", () => {
    const values = { kubeContext: "prod", namespace: "akash" };
    assert.equal(refusal(source({ context: "prod", namespace: "akash" }, values)), "");
    assert.equal(
      refusal(source({ context: "dev", namespace: "other" }, values)),
      "kubernetes:context is dev, but its other name kubeContext is prod\n" +
        "pulumi config rm -s home kubernetes:context\n" +
        "kubernetes:namespace is other, but its other name namespace is akash\n" +
        "pulumi config rm -s home kubernetes:namespace",
    );
  });

  it("are refused under their own names where their values are invalid", () => {
    const text = refusal(source({ context: "", namespace: "No Such" }));
    assert.match(
      text,
      /^kubernetes:context is empty\npulumi config rm -s home kubernetes:context$/m,
    );
    assert.match(text, /^kubernetes:namespace .*\npulumi config rm -s home kubernetes:namespace$/m);
    assert.doesNotMatch(text, /^(kubeContext|namespace)/m);
  });

  it("are refused where the program does not pass them on", () => {
    for (const name of ["cluster", "renderYamlToDirectory", "enableServerSideApply"]) {
      assert.match(
        refusal(source({ [name]: "x" })),
        new RegExp(`^kubernetes:${name} is .*\\npulumi config rm -s home kubernetes:${name}$`),
      );
    }
  });

  it("name a namespace without moving resources from the previous one", () => {
    const former = (kubernetes: Readonly<Record<string, string>>, values = {}) =>
      providerArgs(readConfig(source(kubernetes, values)), {} as Cluster, undefined)
        .formerNamespace;
    assert.deepEqual(former({ namespace: "akash" }), {
      namespace: "akash-services",
      setting: "kubernetes:namespace",
    });
    assert.equal(former({ namespace: "akash-services" }), undefined);
    assert.equal(former({}, { namespace: "akash" }), undefined);
    assert.equal(former({ namespace: "akash" }, { namespace: "akash" }), undefined);
  });

  describe("with a kubeconfig", () => {
    const content =
      "apiVersion: v1\nkind: Config\nusers: [{ name: a, user: { token: SENTINEL } }]\n";
    const secrets = new Set(["walletKey", "walletPassword", "kubernetes:kubeconfig"]);

    it("have its path in plain text, and its content only encrypted, as a secret of the plugin", async () => {
      const path = clusterArgs(readConfig(source({ kubeconfig: "./kubeconfig.yaml" })));
      assert.equal(path.kubeconfig, "./kubeconfig.yaml");
      const text = refusal(source({ kubeconfig: content }));
      assert.match(
        text,
        /^kubernetes:kubeconfig is a credential in plain text .*\npulumi config set -s home --secret kubernetes:kubeconfig < /,
      );
      assert.doesNotMatch(text, /SENTINEL/);
      const own = clusterArgs(readConfig(source({ kubeconfig: content }, {}, { secrets })));
      assert(pulumi.Output.isInstance(own.kubeconfig));
      assert(await pulumi.isSecret(own.kubeconfig as pulumi.Output<string>));
    });

    it("are refused where it is invalid, without printing it", () => {
      const contexts = () => {
        throw new Error("The kubeconfig cannot be read");
      };
      const text = refusal(source({ kubeconfig: content }, {}, { secrets, contexts }));
      assert.match(text, /^kubernetes:kubeconfig cannot be used: The kubeconfig cannot be read/);
      const none = refusal(source({ kubeconfig: "./none" }, {}, { contexts: () => [] }));
      assert.match(none, /^kubernetes:kubeconfig names \.\/none, which is not a kubeconfig/);
    });
  });

  it("name a context of the kubeconfig, like kubeContext", () => {
    const contexts = () => ["prod", "dev"];
    assert.equal(refusal(source({ context: "dev" }, {}, { contexts })), "");
    assert.equal(
      refusal(source({ context: "de" }, {}, { contexts })),
      "kubernetes:context is de, which is not a context of the kubeconfig (dev, prod)\n" +
        "pulumi config set -s home kubernetes:context dev",
    );
    assert.match(
      refusal(source({}, { kubeContext: "de" }, { contexts })),
      /^kubeContext is de, .*\npulumi config set -s home kubeContext dev$/,
    );
    // A preview works in part without a kubeconfig.
    assert.equal(refusal(source({}, { kubeContext: "de" }, { contexts: () => [] })), "");
  });
});
